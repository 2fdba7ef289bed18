// Load Image: one more for a picture, or another picture in one.

import { placeFor } from "./room.js";
import { isLinked } from "./links.js";
import { widget } from "./values.js";

const BESIDE = 60; // between a node and those that feed it

/** Adds a Load Image for a file beside an Encode Subjects, below those that it has. */
export function addLoader(encoder, file) {
  const { graph } = encoder;
  const loader = LiteGraph.createNode("LoadImage");
  const others = encoder.inputs
    .filter(({ name }) => name.startsWith("image_") && isLinked(encoder, name))
    .map(({ link }) => graph.getNodeById(graph.getLink(link).origin_id))
    .filter((node) => node?.type === "LoadImage");
  const lowest = others.toSorted((a, b) => b.pos[1] - a.pos[1])[0];
  if (lowest) loader.setSize([...lowest.size]);
  const [left, top] = lowest?.pos ?? [encoder.pos[0] - loader.size[0] - BESIDE, encoder.pos[1]];
  loader.pos = placeFor(graph, [left, top], loader.size);
  graph.add(loader);
  setFile(loader, file);
  return loader;
}

/** Has a Load Image load another file, as if it had been chosen there. */
export function setFile(loader, file) {
  const image = widget(loader, "image");
  const offered = image.options?.values;
  if (Array.isArray(offered) && !offered.includes(file)) offered.push(file);
  image.value = file;
  image.callback?.(file);
}
