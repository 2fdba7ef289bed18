// Keeps what a run of Encode Subjects told of its pictures, for the layout editor's list.

import { app } from "../../scripts/app.js";
import { placeOf } from "./layout_editor/links.js";
import { keepRun } from "./layout_editor/references.js";

app.registerExtension({
  name: "msdiffusion.encode_subjects",
  nodeCreated(node) {
    if (node.comfyClass !== "EncodeSubjects") return;
    const before = node.onExecuted;
    node.onExecuted = function (output, ...more) {
      before?.call(this, output, ...more);
      if (output?.msd_subjects) keepRun(placeOf(this), output.msd_subjects);
    };
  },
});
