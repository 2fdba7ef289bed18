// Opens the saved workflow that the page's address names: /?open=two_subjects_demo

import { api } from "../../scripts/api.js";
import { app } from "../../scripts/app.js";

let wanted = new URLSearchParams(location.search).get("open");

app.registerExtension({
  name: "MSDiffusion.OpenWorkflow",
  afterConfigureGraph() {
    if (!wanted) return;
    const name = wanted;
    wanted = null;
    setTimeout(() => open(name)); // the page is still opening a workflow of its own
  },
});

async function open(name) {
  const answer = await api.getUserData(`workflows/${name}.json`);
  if (!answer.ok) throw new Error(`There is no saved workflow ${name}.`);
  await app.loadGraphData(await answer.json(), true, true, name);
}
