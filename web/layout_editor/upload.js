// Pictures on their way to the server.

import { api } from "../../../scripts/api.js";
import { Refusal } from "./refusal.js";

/** Width by height of a picture; a Refusal where the browser cannot read it. */
export async function aspectOf(file) {
  try {
    const { width, height } = await createImageBitmap(file);
    return width / height;
  } catch {
    throw new Refusal("notPicture", file.name);
  }
}

/**
 * Uploads a picture as the page does, so that a file of the same name but other content stays.
 *
 * @param fields others that the server takes: `subfolder`, `overwrite`.
 * @returns the file as Load Image names it.
 */
export async function upload(file, fields = {}) {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) body.append(name, value);
  body.append("image", file, file.name);
  let answer;
  try {
    answer = await api.fetchApi("/upload/image", { method: "POST", body });
  } catch (error) {
    throw new Refusal("notUploaded", file.name, error.message);
  }
  if (!answer.ok) {
    throw new Refusal("notUploaded", file.name, `${answer.status} ${answer.statusText}`);
  }
  const { name, subfolder } = await answer.json();
  return subfolder ? `${subfolder}/${name}` : name;
}
