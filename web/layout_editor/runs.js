// What the page is told while it runs workflows: previews, pictures, and areas that were found.

import { api } from "../../../scripts/api.js";
import { app } from "../../../scripts/app.js";

const ENDS = ["execution_success", "execution_error", "execution_interrupted"];
const queued = new Map(); // a prompt's id → the workflow that it is of
const outcomes = new WeakMap(); // a workflow → what came of it: `pictures` and `areas` by node
let queueing = Promise.resolve(); // prompts on their way to the server
let running = {}; // `workflow` and `id`, of the node that runs
let preview = null; // the last one: `workflow` and `id`, `blob`, `time`
let time = 0; // grows by one with each picture

/** Listens from now on. */
export function followRuns() {
  const queue = api.queuePrompt;
  api.queuePrompt = function (...values) {
    const workflow = openWorkflow();
    const answer = queue.apply(this, values);
    const noted = answer.then(({ prompt_id }) => queued.set(prompt_id, workflow));
    queueing = Promise.allSettled([queueing, noted]);
    return answer;
  };
  const on = (type, act) =>
    api.addEventListener(type, async ({ detail }) => {
      await queueing; // a prompt may run before its id is here
      act(detail);
    });
  on("execution_start", ({ prompt_id }) => (running = { workflow: queued.get(prompt_id) }));
  on("executing", begin);
  on("b_preview", (blob) => (preview = { ...running, blob, time: ++time }));
  on("msdiffusion_areas", ({ prompt, node, ...told }) => {
    outcomeOf(queued.get(prompt)).areas.set(node, told);
  });
  on("executed", ({ prompt_id, node, display_node, output }) => {
    keep(queued.get(prompt_id), display_node ?? node, output?.images?.[0]);
  });
  for (const type of ENDS) on(type, end);
}

/** The last preview, if it is one of these places'. */
export function previewOf(places) {
  const isShown = preview?.workflow && preview.workflow === openWorkflow();
  return isShown && places.some((place) => idAt(place) === preview.id) ? preview : null;
}

/**
 * The picture that came last at one of these places: its `place`, its `address`, its `time`, and the
 * `areas` by the ids of the nodes that had found them by then; or nothing.
 */
export function pictureOf(places) {
  const { pictures } = outcomeOf(openWorkflow());
  const came = places.map((place) => ({ place, ...pictures.get(idAt(place)) }));
  return came.filter(({ time }) => time).toSorted((one, other) => other.time - one.time)[0];
}

/** The id in the prompt of the node at a place, which in subgraphs is a path such as "5:3". */
export function idAt({ node, within }) {
  return within ? `${idAt(within)}:${node.id}` : String(node.id);
}

function begin(id) {
  if (id == null) return;
  running = { ...running, id: String(id) };
  outcomeOf(running.workflow).areas.delete(running.id); // pictures before keep them
}

/** Keeps the first picture of a node: areas are told of the first, too. */
function keep(workflow, id, file) {
  if (!file) return;
  const { filename, subfolder = "", type = "output" } = file;
  // a file of an earlier run may have had the same name
  const query = new URLSearchParams({ filename, subfolder, type, rand: Math.random() });
  const { pictures, areas } = outcomeOf(workflow);
  const address = api.apiURL(`/view?${query}`);
  pictures.set(String(id), { address, time: ++time, areas: new Map(areas) });
}

function end({ prompt_id }) {
  queued.delete(prompt_id);
  running = {};
  preview = null;
}

/** What came of a workflow; of one that this page has not queued nothing is kept. */
function outcomeOf(workflow) {
  const none = { pictures: new Map(), areas: new Map() };
  if (!workflow) return none;
  if (!outcomes.has(workflow)) outcomes.set(workflow, none);
  return outcomes.get(workflow);
}

function openWorkflow() {
  return app.extensionManager?.workflow?.activeWorkflow;
}
