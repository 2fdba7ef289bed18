// What a drop or a paste brings: files of pictures, or the address of one in another page.

import { Refusal } from "./refusal.js";

const TYPES = ["Files", "text/uri-list", "text/html"];

/** Whether a drag may bring a picture; what exactly is only told when it is dropped. */
export function mayHoldPicture(transfer) {
  return TYPES.some((type) => transfer?.types.includes(type));
}

/**
 * What came, which can be read only while the event lasts.
 *
 * @returns `files`, and the `address` of a picture or null. A picture in a link comes with the
 *   link's address, too, so the one in the page's own words counts first.
 */
export function received(transfer) {
  const files = [...transfer.files];
  const address = shownIn(transfer.getData("text/html")) ?? listed(transfer.getData("text/uri-list"));
  // Firefox gives a picture of a page as a file as well, but as a bitmap without its name
  const bitmap = address && files.length === 1 && files[0].type === "image/bmp";
  return { files: bitmap ? [] : files, address };
}

/** The files of pictures among what came; all of it, or a Refusal. */
export async function picturesOf({ files, address }) {
  if (!files.length && !address) throw new Refusal("nothingCame");
  const pictures = files.length ? files : [await fetched(address)];
  const other = pictures.find((file) => !file.type.startsWith("image/"));
  if (other) throw new Refusal("notPicture", other.name);
  return pictures;
}

function shownIn(html) {
  if (!html) return null;
  return new DOMParser().parseFromString(html, "text/html").querySelector("img[src]")?.src || null;
}

function listed(addresses) {
  const lines = addresses.split(/\r?\n/).map((line) => line.trim());
  return lines.find((line) => line && !line.startsWith("#")) ?? null;
}

/** A picture of another page, as a file; many pages keep theirs from others. */
async function fetched(address) {
  try {
    const answer = await fetch(address);
    if (!answer.ok) throw new Error(answer.statusText);
    const blob = await answer.blob();
    return new File([blob], nameIn(address, blob.type), { type: blob.type });
  } catch {
    throw new Refusal("otherSite");
  }
}

/** What a picture at an address is called; ComfyUI's own are named by `filename`. */
function nameIn(address, type) {
  if (address.startsWith("data:")) return named("", type);
  const { pathname, searchParams } = new URL(address, location.href);
  const name = searchParams.get("filename") ?? decodeURIComponent(pathname);
  return named(name.split("/").at(-1), type);
}

/** Load Image knows a picture by the ending of its name. */
function named(name, type) {
  if (/\.\w{3,4}$/.test(name)) return name;
  return `${name || "picture"}.${type.split("/")[1]?.split("+")[0] ?? ""}`;
}
