// What a subject may be called, judged by the name of its file.

const NO_NAMES = new Set(
  `img image images dsc dscn dscf pxl mvimg pic picture photo foto screenshot screen shot scan file
  download downloaded unnamed untitled comfyui pasted clipboard clip whatsapp temp tmp copy final
  edit new at of the web net com jpg jpeg png webp`.split(/\s+/),
);
const MOST_WORDS = 4;
const NOTHING_KNOWN = "subject"; // Encode Subjects wants a name for each picture

/** "brown_dog (2).png" is a brown dog; of "IMG_2034.jpg" nothing is known. */
export function suggestedName(file) {
  const words = file
    .replace(/\.\w+$/, "")
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .map((word) => word.replace(/\d{1,2}$/, ""))
    .filter((word) => /^(?![a-z]$)\p{L}+$/u.test(word) && !NO_NAMES.has(word));
  return words.slice(0, MOST_WORDS).join(" ") || NOTHING_KNOWN;
}
