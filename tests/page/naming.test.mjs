// What a subject may be called by its picture's file.

import assert from "node:assert/strict";
import test from "node:test";

import { suggestedName } from "../../web/layout_editor/naming.js";

const NAMES = {
  "dog.png": "dog",
  "Brown_Dog (2).jpeg": "brown dog",
  "red-hat-copy.webp": "red hat",
  "cat3.png": "cat",
  "my.old.teapot.png": "my old teapot",
  "a photo of a woman in a blue dress by the sea.jpg": "woman in blue dress",
  "猫.png": "猫",
  "Müller.jpg": "müller",
  // cameras, screens, browsers and ComfyUI tell nothing
  "IMG_2034.JPG": "subject",
  "DSC00012.jpg": "subject",
  "PXL_20250101_101112345.jpg": "subject",
  "Screenshot 2026-01-01 at 10.11.12.png": "subject",
  "ComfyUI_00012_.png": "subject",
  "image.png": "subject",
  "f3a9bc2d-77e1.png": "subject",
  ".png": "subject",
};

for (const [file, name] of Object.entries(NAMES)) {
  test(`${file} is a ${name}`, () => assert.equal(suggestedName(file), name));
}
