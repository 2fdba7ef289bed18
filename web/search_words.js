// Lets the page's search find the nodes by the words that people use. Newer servers send them as
// SEARCH_ALIASES of each class; older ones do not, and older pages search names alone.

import { app } from "../../scripts/app.js";
import { isListed, withWords } from "./search_words/words.js";

app.registerExtension({
  name: "msdiffusion.search_words",
  beforeRegisterVueAppNodeDefs(definitions) {
    const [major, minor] = String(window.__COMFYUI_FRONTEND_VERSION__).split(".").map(Number);
    const knowsAliases = !(major === 1 && minor < 38);
    // the list's own entries are exchanged: those that nodes are made of stay as they are
    definitions.forEach((one, index) => (definitions[index] = withWords(one, knowsAliases)));
  },
  nodeCreated(node) {
    if (isListed(node.title)) node.title = node.constructor.title;
  },
});
