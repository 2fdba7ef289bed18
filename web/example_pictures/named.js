// The example pictures that a workflow names.

export const EXAMPLES = [
  "msdiffusion_astronaut.jpg",
  "msdiffusion_cat.jpg",
  "msdiffusion_coffee.jpg",
  "msdiffusion_rocket.jpg",
];

/** Those that its nodes load, in subgraphs too, and that are not among the `known` names. */
export function missing(workflow, known) {
  const graphs = [workflow, ...(workflow?.definitions?.subgraphs ?? [])];
  const values = graphs.flatMap((graph) => graph?.nodes ?? []).flatMap(valuesOf);
  return EXAMPLES.filter((name) => values.includes(name) && !known.has(name));
}

/** A node's values: a list, or an object by name. */
function valuesOf(node) {
  return Object.values(node?.widgets_values ?? {});
}
