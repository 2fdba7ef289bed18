// What becomes of a layout in the graph: which nodes sample with it, and which show what came of it.

import { isLinked, origin } from "./links.js";
import { APPLYING, appliedTo, comesFrom, isSame, ofType, placesAround } from "./sampled.js";

const DRAWINGS = new Set(["LayoutBoxes", "ShowAreas"]); // these make pictures about pictures

/**
 * @param layout the place of a Layout Boxes.
 * @returns places: `samplers`, which sample with the layout; those `finding` areas in the text; and
 *   `showing`, whose pictures come from a sampler.
 */
export function downstream(layout) {
  const places = placesAround(layout);
  const applied = appliedTo(layout, places, APPLYING);
  const sampling = (some) => places.filter((each) => some.some((apply) => samples(each, apply)));
  const samplers = sampling(applied);
  return {
    samplers,
    finding: sampling(applied.filter(({ node }) => isLinked(node, "auto_layout"))),
    showing: places.filter((each) => isPainted(each, samplers)),
  };
}

function samples(place, apply) {
  return comesFrom(place, ["MODEL", "GUIDER"], (from) => isSame(from, apply));
}

/** Whether what a node shows comes from one of these samplers. */
export function isPainted(place, samplers, seen = new Set()) {
  return ofType(place.node, "IMAGE", "LATENT").some((name) => {
    const from = origin(place, name);
    if (!from?.node || DRAWINGS.has(from.node.type) || seen.has(from.node)) return false;
    seen.add(from.node);
    return samplers.some((each) => isSame(from, each)) || isPainted(from, samplers, seen);
  });
}
