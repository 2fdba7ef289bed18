// What the page is told while it runs workflows: previews, pictures, and areas that were found.

import { api } from "../../../scripts/api.js";
import { openOwner, ownerOf, ownerOfRun } from "./owners.js";

const MOST = 3; // runs whose pictures wait
const ENDS = ["execution_success", "execution_error", "execution_interrupted"];
const outcomes = new WeakMap(); // a workflow's tracker → `pictures` and `areas`, by node
let run = newRun();
let unowned = []; // the last runs with pictures of which it is not known whose they are
let preview = null; // the last one: its `run` and the `id` of its node, `blob`, `time`
let time = 0; // grows by one with each picture

/**
 * The run that goes on: its workflow's tracker, its node, the areas that each node told, and pictures
 * that wait until its workflow is known.
 */
function newRun(prompt = null) {
  return { prompt, owner: undefined, isAsked: false, id: null, areas: new Map(), waiting: [] };
}

/** Listens from now on. */
export function followRuns() {
  const on = (type, act) => api.addEventListener(type, ({ detail }) => act(detail));
  on("execution_start", ({ prompt_id }) => (run = newRun(prompt_id)));
  on("executing", (id) => id != null && begin(String(id)));
  on("b_preview", (blob) => (preview = { run, id: run.id, blob, time: ++time }));
  on("msdiffusion_areas", ({ node, ...told }) => run.areas.set(String(node), told));
  // the page's own listeners come first
  on("executed", (detail) => queueMicrotask(() => keep(detail)));
  for (const type of ENDS) on(type, () => queueMicrotask(end));
}

/** The last preview, if it is one of these places'. */
export function previewOf(places) {
  if (!preview || !places.some((place) => idAt(place) === preview.id)) return null;
  ask(preview.run);
  return preview.run.owner && preview.run.owner === openOwner() ? preview : null;
}

/**
 * The picture that came last at one of these places: its `place`, its `address`, its `time`, and the
 * `areas` by the ids of the nodes that had found them by then; or nothing.
 */
export function pictureOf(places) {
  for (const one of unowned) ask(one);
  const { pictures } = outcomeOf(openOwner());
  const came = places.map((place) => ({ place, ...pictures.get(idAt(place)) }));
  return came.filter(({ time }) => time).toSorted((one, other) => other.time - one.time)[0];
}

/** The id in the prompt of the node at a place, which in subgraphs is a path such as "5:3". */
export function idAt({ node, within }) {
  return within ? `${idAt(within)}:${node.id}` : String(node.id);
}

/**
 * Asks the server whose run it is: where much is cached no output tells it before the end, or an
 * output came before the page knew that it had queued the run.
 */
async function ask(one) {
  if (one.owner || one.isAsked) return;
  one.isAsked = true;
  const owner = await ownerOfRun(one.prompt);
  one.owner ??= owner;
  unowned = unowned.filter((other) => other !== one);
  const { pictures } = settled(one);
  for (const [id, picture] of one.waiting) pictures.set(id, picture);
}

function begin(id) {
  run.id = id;
  run.areas.set(id, null);
}

/** Keeps the first picture of a node: areas are told of the first, too. */
function keep({ node, display_node, output }) {
  run.owner ??= ownerOf(node, output);
  const file = output?.images?.[0];
  if (!file) return;
  const { filename, subfolder = "", type = "output" } = file;
  // a file of an earlier run may have had the same name
  const query = new URLSearchParams({ filename, subfolder, type, rand: Math.random() });
  const address = api.apiURL(`/view?${query}`);
  const { pictures, areas } = settled(run);
  const picture = { address, time: ++time, areas: new Map(areas) };
  const id = String(display_node ?? node);
  if (run.owner) return pictures.set(id, picture);
  run.waiting.push([id, picture]);
  if (!unowned.includes(run)) unowned = [...unowned.slice(1 - MOST), run];
}

function end() {
  settled(run);
  run = newRun();
  preview = null;
}

/** What came of a run's workflow, this run included: areas of nodes that did not run stay. */
function settled({ owner, areas }) {
  const outcome = outcomeOf(owner);
  for (const [id, told] of areas) outcome.areas.set(id, told);
  return outcome;
}

/** What came of a workflow; nothing is kept where none is known. */
function outcomeOf(owner) {
  const none = { pictures: new Map(), areas: new Map() };
  if (!owner) return none;
  if (!outcomes.has(owner)) outcomes.set(owner, none);
  return outcomes.get(owner);
}
