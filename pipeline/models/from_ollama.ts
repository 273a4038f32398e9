// Asks Ollama for one model: its library by the manifest and the first bytes of the weights, or an engine on this machine.
import { serverUrl } from "../schema/engine_address.ts";
import type { ModelFacts } from "../schema/model_facts.ts";
import { ask, type Asking, firstBytes, unusable } from "./ask.ts";
import { factsFromHub } from "./from_hub.ts";
import { ggufFields, HEADER_BYTES, shapesIn } from "./gguf.ts";
import { factsByName } from "./name.ts";
import { atHub, ollamaName, readManifest, readShow } from "./ollama.ts";
import { ggufQuantization } from "./quantization.ts";

const MANIFEST = "application/vnd.docker.distribution.manifest.v2+json";

/** Facts of a model that a pull would fetch. */
export async function factsFromLibrary(name: string, asking: Asking): Promise<ModelFacts> {
  const repository = atHub(name);
  if (repository !== null) {
    // Ollama sends the hub no token.
    return await factsFromHub({ name, library: "ollama", repository, is_gguf: true }, {
      ...asking,
      token: null,
    });
  }
  const parts = ollamaName(name);
  if (parts === null) return factsByName(name, "ollama", true, "a model of another library");
  const { sources, signal } = asking;
  const base = `/v2/${parts.owner}/${parts.model}`;
  const question = { origin: sources.ollama, path: `${base}/manifests/${parts.tag}`, accept: MANIFEST };
  const { status, text } = await ask(question, sources.fetch, signal);
  const guess = factsByName(name, "ollama", true, null);
  if (status === 404) return { ...guess, exists: false };
  const manifest = status === 200 ? readManifest(text) : null;
  if (manifest === null) throw unusable(sources.ollama, status);
  const { bytes, weight_bytes, digest } = manifest;
  const blob = { origin: sources.ollama, path: `${base}/blobs/${digest}` };
  const header = digest === null
    ? null
    : await firstBytes(blob, HEADER_BYTES, sources.fetch, signal).catch(() => null);
  const { parameters, ...shapes } = shapesIn(ggufFields(header ?? new Uint8Array()));
  return {
    ...guess,
    ...shapes,
    exists: true,
    parameters: parameters ?? guess.parameters,
    quantization: ggufQuantization(name).label,
    ...(weight_bytes === null ? {} : {
      source: "ollama",
      weights_gb: weight_bytes / 1e9,
      download_gb: (bytes ?? weight_bytes) / 1e9,
    }),
  };
}

/** Facts of a model that an Ollama at `address` has. */
export async function factsFromEngine(name: string, address: string, asking: Asking): Promise<ModelFacts> {
  const { sources, api_key, signal } = asking;
  const { origin, host, pathname } = new URL(`${serverUrl(address)}/api/show`);
  const question = { origin, path: pathname, body: { model: name }, token: api_key };
  const { status, text } = await ask(question, sources.fetch, signal);
  const guess = factsByName(name, "ollama", true, null);
  const shown = status === 200 ? readShow(text) : null;
  if (shown === null) {
    return {
      ...guess,
      unchecked: status === 404 ? `${host} does not have it yet` : unusable(origin, status).message,
    };
  }
  const { quantization, parameters, ...shapes } = shown;
  const gb = parameters === null ? null : parameters * ggufQuantization(quantization ?? name).bits / 8e9;
  return {
    ...guess,
    ...shapes,
    exists: true,
    parameters: parameters ?? guess.parameters,
    quantization,
    ...(gb === null ? {} : { source: "ollama", weights_gb: gb, download_gb: gb }),
  };
}
