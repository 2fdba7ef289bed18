// Sizes of the picture.

// what SDXL was trained with, by the aspect that people call it
export const SIZES = {
  "1:1": [1024, 1024],
  "4:3": [1152, 896],
  "3:2": [1216, 832],
  "16:9": [1344, 768],
  "21:9": [1536, 640],
  "3:4": [896, 1152],
  "2:3": [832, 1216],
  "9:16": [768, 1344],
};
const PIXELS = 1024 * 1024;
const STEP = 8; // pixels of a cell of the latent

/** A size of as many pixels as SDXL was trained with, in the aspect of another. */
export function sizeLike([width, height]) {
  const scale = Math.sqrt(PIXELS / (width * height));
  return [width, height].map((side) => Math.max(Math.round((side * scale) / STEP) * STEP, STEP * 8));
}
