// Asks the hub for one model: whether it is there, who may read it, its files, and the shapes that these tell.
import type { Library, ModelFacts } from "../schema/model_facts.ts";
import { ask, type Asking, firstBytes, Unanswered, unusable } from "./ask.ts";
import { type Config, readConfig, type Shapes } from "./config.ts";
import { ggufFields, HEADER_BYTES, shapesIn } from "./gguf.ts";
import { ggufFiles } from "./gguf_files.ts";
import {
  bytesByDtype,
  bytesOf,
  fetchedBytes,
  readIndex,
  readRepository,
  type Repository,
  usualDtype,
  weightBytes,
} from "./hub.ts";
import { factsByName } from "./name.ts";
import { ggufQuantization, hubQuantization } from "./quantization.ts";

const REPOSITORY = /^[\w-][\w.-]*(\/[\w-][\w.-]*)?$/;
const INDEX = "model.safetensors.index.json";
const NO_SHAPES: Shapes = {
  parameters: null,
  layers: null,
  heads: null,
  kv_heads: null,
  head_dim: null,
  kv_bytes_per_token: null,
  context_length: null,
};

export interface HubModel {
  /** As the matrix names it. */
  readonly name: string;
  readonly library: Library;
  /** Its name at the hub, with a quantisation where it has one. */
  readonly repository: string;
  readonly is_gguf: boolean;
}

/** Facts of a model at the hub. */
export async function factsFromHub(model: HubModel, asking: Asking): Promise<ModelFacts> {
  const { name, library, is_gguf } = model;
  const [path = "", quantization = null] = model.repository.split(":");
  if (!REPOSITORY.test(path)) return factsByName(name, library, is_gguf, "a file on the machine");
  const hub = new Hub(path, asking);
  const repository = await hub.repository();
  const guess = factsByName(name, library, is_gguf, null);
  if (repository === null) return { ...guess, exists: false };
  const { access, unchecked } = await hub.access(repository);
  const isOpen = !repository.needs_token || access === true;
  const known = { ...guess, exists: true, gated: repository.needs_token, access, unchecked };
  return is_gguf
    ? await ggufFacts(known, repository, quantization, isOpen, hub)
    : await safetensorsFacts(known, repository, isOpen, hub);
}

async function safetensorsFacts(
  known: ModelFacts,
  repository: Repository,
  isOpen: boolean,
  hub: Hub,
): Promise<ModelFacts> {
  const config = isOpen ? readConfig(await hub.file("config.json") ?? "") : null;
  const told = weightBytes(repository);
  const index = told === null && isOpen && repository.files.some(({ path }) => path === INDEX)
    ? readIndex(await hub.file(INDEX) ?? "")
    : null;
  const bytes = told ?? index ?? bytesByDtype(repository) ?? bytesByShapes(config, known.name);
  const quantization = config?.quantization ?? null;
  const sized = bytes === null ? {} : {
    source: "hub" as const,
    weights_gb: (bytes - (quantization === null ? halvedBytes(repository, bytes) : 0)) / 1e9,
    download_gb: (fetchedBytes(repository) ?? bytes) / 1e9,
    quantization,
  };
  return {
    ...known,
    ...shapesOf(config),
    ...sized,
    parameters: (quantization === null ? repository.parameters : null) ?? config?.parameters ??
      known.parameters,
    dtype: config?.dtype ?? usualDtype(repository),
  };
}

/** vLLM and SGLang load numbers of 32 bits as 16. */
function halvedBytes({ by_dtype }: Repository, bytes: number): number {
  const halved = 2 * (by_dtype.F32 ?? 0);
  return halved < bytes ? halved : 0;
}

function bytesByShapes(config: Config | null, name: string): number | null {
  if (config === null || config.parameters === null) return null;
  return config.parameters * (config.bits ?? hubQuantization(name).bits) / 8;
}

async function ggufFacts(
  known: ModelFacts,
  repository: Repository,
  quantization: string | null,
  isOpen: boolean,
  hub: Hub,
): Promise<ModelFacts> {
  const files = ggufFiles(repository.files, quantization);
  const [first] = files;
  if (first === undefined) return repository.files.length === 0 ? known : { ...known, exists: false };
  const header = isOpen ? await hub.beginning(first.path) : null;
  const shapes = header === null ? NO_SHAPES : shapesIn(ggufFields(header));
  const bytes = bytesOf(files);
  const sized = bytes === null ? {} : {
    source: "gguf" as const,
    weights_gb: bytes / 1e9,
    download_gb: bytes / 1e9,
    quantization: ggufQuantization(first.path).label,
  };
  return {
    ...known,
    ...shapesOf(shapes),
    ...sized,
    parameters: repository.gguf_parameters ?? shapes.parameters ?? known.parameters,
  };
}

function shapesOf(told: Shapes | null): Omit<Shapes, "parameters"> {
  const { layers, heads, kv_heads, head_dim, kv_bytes_per_token, context_length } = told ?? NO_SHAPES;
  return { layers, heads, kv_heads, head_dim, kv_bytes_per_token, context_length };
}

/** One repository at the hub. */
class Hub {
  #token: string | null;

  constructor(private readonly path: string, private readonly asking: Asking) {
    this.#token = asking.token;
  }

  /** What the hub tells of it; null when there is none, or none that may be seen. */
  async repository(): Promise<Repository | null> {
    const path = `/api/models/${this.path}?blobs=true`;
    let answer = await this.#ask(path);
    if (this.#token !== null && (answer.status === 401 || answer.status === 403)) {
      // A token that the hub does not know closes even what is open to all.
      this.#token = null;
      answer = await this.#ask(path);
    }
    if (answer.status === 401 || answer.status === 404) return null;
    const told = answer.status === 200 ? readRepository(answer.text) : null;
    if (told !== null) return told;
    throw unusable(this.asking.sources.hub, answer.status);
  }

  /** Whether the user's token may read it; null where none is needed or set, and where the hub does not say. */
  async access({ needs_token }: Repository): Promise<Pick<ModelFacts, "access" | "unchecked">> {
    if (!needs_token || this.asking.token === null) return { access: null, unchecked: null };
    if (this.#token === null) return { access: false, unchecked: null };
    try {
      const { status } = await this.#ask(`/api/models/${this.path}/auth-check`);
      if (status < 300) return { access: true, unchecked: null };
      if (status < 500 && status !== 429) return { access: false, unchecked: null };
      return { access: null, unchecked: unusable(this.asking.sources.hub, status).message };
    } catch (error) {
      if (!(error instanceof Unanswered)) throw error;
      return { access: null, unchecked: error.message };
    }
  }

  /** The text of a small file; null when it is not given out. */
  async file(name: string): Promise<string | null> {
    const answer = await this.#ask(`/${this.path}/resolve/main/${name}`).catch(() => null);
    return answer?.status === 200 ? answer.text : null;
  }

  /** The beginning of a large file; null when it is not given out. */
  async beginning(name: string): Promise<Uint8Array | null> {
    const path = name.split("/").map(encodeURIComponent).join("/");
    const { sources, signal } = this.asking;
    const question = { origin: sources.hub, path: `/${this.path}/resolve/main/${path}`, token: this.#token };
    return await firstBytes(question, HEADER_BYTES, sources.fetch, signal).catch(() => null);
  }

  #ask(path: string) {
    const { sources, signal } = this.asking;
    return ask({ origin: sources.hub, path, token: this.#token }, sources.fetch, signal);
  }
}
