// The words by which the page's search finds the main nodes; their SEARCH_ALIASES in Python hold them.

const SUBJECTS = ["multiple characters", "multiple subjects", "two people", "reference image"];

export const WORDS = {
  EncodeSubjects: [...SUBJECTS, "ip adapter"],
  ApplyMSDiffusion: [...SUBJECTS, "ip adapter", "regional"],
  LoadMSDModel: ["ip adapter"],
  LayoutBoxes: ["bounding box", "regional"],
};

// Pages that search names alone find what begins within 30 characters, "MS-Diffusion" included.
const LISTED = {
  EncodeSubjects: "Reference image (MS-Diffusion) – Encode Subjects",
  ApplyMSDiffusion: "Two people/multiple subjects/characters – Apply MS-Diffusion",
  LoadMSDModel: "IP adapter – Load MS-Diffusion Model",
  LayoutBoxes: "Regional bounding box (MS-Diffusion) – Layout Boxes",
};

/**
 * What the page lists and searches of a node, found by these words, too.
 *
 * @param knowsAliases whether the page searches `search_aliases`; else it searches names alone.
 */
export function withWords(definition, knowsAliases) {
  const words = WORDS[definition.name];
  if (!words) return definition;
  if (!knowsAliases) return { ...definition, display_name: LISTED[definition.name] };
  const known = definition.search_aliases ?? [];
  return { ...definition, search_aliases: [...new Set([...known, ...words])] };
}

/** Whether this is a name for the list, which the page gives to a node that is taken from it. */
export function isListed(title) {
  return Object.values(LISTED).includes(title);
}
