// Which pictures of Encode Subjects have no mask yet, and which models there are to cut them out.

export const REMOVER = "RemoveBackground";
export const LOADER = "LoadBackgroundRemovalModel";

/** The pictures that come from a node and have no mask: [{ source, output, mask }]. */
export function maskless(node) {
  const found = [];
  node.inputs.forEach((input, slot) => {
    const number = /^image_(\d+)$/.exec(input.name)?.[1];
    const mask = number ? node.findInputSlot(`mask_${number}`) : -1;
    const source = node.getInputNode(slot);
    if (!source || mask < 0 || node.inputs[mask].link != null) return;
    found.push({ source, output: node.getInputLink(slot).origin_slot, mask });
  });
  return found;
}

/** The model files that the server offers to a loader. */
export function filesOf(loader) {
  const { values } = loader.widgets[0].options;
  return (typeof values === "function" ? values() : values) ?? [];
}
