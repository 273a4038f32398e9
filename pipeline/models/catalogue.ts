// PURE. What the catalogue knows of a model, which nobody need be asked about.
import type { CatalogModel } from "../schema/catalog.ts";
import { kvBytesPerToken, type Library, type ModelFacts, nothingKnown } from "../schema/model_facts.ts";

/** Facts of `name` as the catalogue has them; null when it does not tell its size. */
export function factsFromCatalogue(
  name: string,
  library: Library,
  models: readonly CatalogModel[],
): ModelFacts | null {
  const known = models.find((model) => model.name === name);
  const gb = known?.sizes_gb[known.quantization];
  if (known === undefined || gb === undefined) return null;
  const { parameters, quantization, layers, kv_heads, head_dim, context_length } = known;
  return {
    ...nothingKnown(name, library, null),
    exists: true,
    gated: false,
    parameters,
    weights_gb: gb,
    download_gb: gb,
    quantization,
    layers,
    kv_heads,
    head_dim,
    kv_bytes_per_token: kvBytesPerToken(known),
    context_length,
    source: "catalogue",
  };
}
