// The last result of a layout: the picture that came of it, or the preview of one that is coming,
// and the outlines of the areas that were found in it.

import { downstream, isPainted } from "./downstream.js";
import { Latest } from "./latest.js";
import { outlinesOf } from "./outlines.js";
import { idAt, pictureOf, previewOf } from "./runs.js";

export class Result {
  constructor() {
    this.latest = new Latest();
    this.told = undefined;
    this.outlines = [];
  }

  /** @returns `picture`, an image or null, and `outlines`, as in outlines.js. */
  of(layout) {
    const { samplers, finding, showing } = downstream(layout);
    // of a Subject Detailer's previews each shows a part of the picture
    const preview = previewOf(samplers.filter(({ node }) => node.type !== "SubjectDetailer"));
    const last = pictureOf(showing);
    if (preview && preview.time > (last?.time ?? 0)) {
      return { picture: this.latest.of(preview.blob), outlines: [] };
    }
    const picture = last ? this.latest.of(last.address) : null;
    return { picture, outlines: picture ? this.outlinesOf(areasIn(last, finding)) : [] };
  }

  outlinesOf(told) {
    if (told !== this.told) this.outlines = told ? outlinesOf(told) : [];
    this.told = told;
    return this.outlines;
  }
}

/** What was told last of areas by one of these samplers, if a picture comes from it. */
function areasIn({ place, areas }, samplers) {
  const ids = samplers.filter((sampler) => isPainted(place, [sampler])).map(idAt);
  return [...areas].findLast(([id]) => ids.includes(id))?.[1];
}
