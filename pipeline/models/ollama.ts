// PURE. What Ollama tells of a model: its library by a manifest, an engine on this machine by /api/show.
import { z } from "zod";
import { shapesIn } from "./gguf.ts";
import type { Shapes } from "./config.ts";
import { Count, objectIn, Word } from "./numbers.ts";

export interface OllamaName {
  /** Folder in the library: `library` unless the name says whose model it is. */
  readonly owner: string;
  readonly model: string;
  readonly tag: string;
}

export interface Manifest {
  /** Bytes of all that a pull fetches. */
  readonly bytes: number | null;
  /** Bytes of weights, projectors included. */
  readonly weight_bytes: number | null;
  /** Digest of the GGUF file. */
  readonly digest: string | null;
}

const NAME = /^(?:([\w-][\w.-]*)\/)?([\w-][\w.-]*)(?::([\w-][\w.-]*))?$/;
const DIGEST = /^sha256[:-][0-9a-f]{64}$/;
const WEIGHTS = /^application\/vnd\.ollama\.image\.(model|projector|tensor)\b/;
const MODEL = "application/vnd.ollama.image.model";
const MOST_LAYERS = 20_000;

const Layers = z.object({
  layers: z.array(z.object({
    mediaType: z.string().max(500).catch(""),
    digest: z.string().regex(DIGEST).nullish().catch(null),
    size: Count,
  })).max(MOST_LAYERS),
});
const Shown = z.object({
  details: z.object({ quantization_level: Word }).nullish().catch(null),
  model_info: z.record(z.string(), z.unknown()).nullish().catch(null),
});

/** The parts of a name as Ollama's library has them; null for a name of another library. */
export function ollamaName(name: string): OllamaName | null {
  const [whole, owner = "library", model = "", tag = "latest"] = NAME.exec(name) ?? [];
  return whole === undefined ? null : { owner, model, tag };
}

/** The repository at the hub that a name such as `hf.co/owner/name:Q4_K_M` means; null for other names. */
export function atHub(name: string): string | null {
  return /^(?:hf\.co|huggingface\.co)\/([^/]+\/[^/]+)$/.exec(name)?.[1] ?? null;
}

/** What a manifest of the library tells; null when `text` is none. */
export function readManifest(text: string): Manifest | null {
  const told = Layers.safeParse(objectIn(text));
  if (!told.success) return null;
  const { layers } = told.data;
  const sum = (some: typeof layers) => some.reduce((bytes, { size }) => bytes + (size ?? 0), 0) || null;
  return {
    bytes: sum(layers),
    weight_bytes: sum(layers.filter(({ mediaType }) => WEIGHTS.test(mediaType))),
    digest: layers.find(({ mediaType }) => mediaType === MODEL)?.digest ?? null,
  };
}

/** What /api/show tells; null when `text` is no such answer. */
export function readShow(text: string): Shapes & { readonly quantization: string | null } | null {
  const told = Shown.safeParse(objectIn(text));
  if (!told.success) return null;
  return {
    ...shapesIn(new Map(Object.entries(told.data.model_info ?? {}))),
    quantization: told.data.details?.quantization_level ?? null,
  };
}
