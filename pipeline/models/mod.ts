// What models are, before anything is rented for them: asked of the libraries that engines fetch from, else read from their names.
export { HUB, type ModelSources, OLLAMA_LIBRARY } from "./ask.ts";
export { lookUp, type WantedModel } from "./look_up.ts";
