// Stands in for ComfyUI's page where the editor's files import its scripts. Import this first, and
// then the file with `await import(…)`.

import { registerHooks } from "node:module";

const url = "data:text/javascript,export const api = { apiURL: (path) => path };";

registerHooks({
  resolve: (name, context, next) =>
    name.endsWith("/scripts/api.js") ? { url, shortCircuit: true } : next(name, context),
});
globalThis.Image = class {};
