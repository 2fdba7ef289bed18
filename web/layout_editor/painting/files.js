// Painted shapes on their way to the server's input folder, under names by their content.

import { upload } from "../upload.js";

const FOLDER = "msdiffusion";

/** Saves pixels as a picture. @returns the file as Load Image names it. */
export async function saveShape(pixels) {
  const { width, height } = pixels;
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  canvas.getContext("2d").putImageData(pixels, 0, 0);
  const blob = await new Promise((done) => canvas.toBlob(done, "image/png"));
  const name = `area-${hashOf(pixels)}.png`;
  return `${await upload(new File([blob], name), { subfolder: FOLDER, overwrite: true })} [input]`;
}

/** Of the size and the pixels, 64 bits in hex; the page's own hashes need a secure connection. */
function hashOf({ width, height, data }) {
  let [one, other] = [width, height];
  for (let at = 0; at < data.length; at += 4) {
    one = Math.imul(one ^ data[at], 0x01000193) + 1;
    other = Math.imul(other ^ data[at], 0x5bd1e995) ^ (other >>> 13);
  }
  return [one, other].map((half) => (half >>> 0).toString(16).padStart(8, "0")).join("");
}
