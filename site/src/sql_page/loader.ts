// Loads engine and data once, and starts an engine where none runs.
import { bounded } from "./bounded.ts";
import type { Engine, EngineParts } from "./engine.ts";
import { fetchWhole, inflated, type Progress } from "./files.ts";
import type { PageFiles } from "./page_files.ts";

const CODE_MS = 60_000;

/** Gives a running engine; what was downloaded stays for the next start. */
export class Loader {
  readonly #files: PageFiles;
  readonly #cache: Cache | null;
  #parts: EngineParts | null = null;
  #engine: Engine | null = null;

  constructor(files: PageFiles, cache: Cache | null) {
    this.#files = files;
    this.#cache = cache;
  }

  get isLoaded(): boolean {
    return this.#parts !== null;
  }

  /** The engine that runs, or a new one. */
  async engine(progress: Progress, signal: AbortSignal): Promise<Engine> {
    if (this.#engine !== null && !this.#engine.isStopped) return this.#engine;
    const { Engine } = await bounded(
      import("./engine.ts"),
      CODE_MS,
      "The engine's code did not come.",
      signal,
    );
    this.#parts ??= await this.#load(progress, signal);
    this.#engine = await Engine.start(this.#parts, signal);
    return this.#engine;
  }

  async #load(progress: Progress, signal: AbortSignal): Promise<EngineParts> {
    const { engine, worker, database } = this.#files;
    const fetched = [engine, worker, database].map((file) => fetchWhole(file, this.#cache, progress, signal));
    const [module, script, data] = await Promise.all(fetched);
    if (module === undefined || script === undefined || data === undefined) {
      throw new Error("Nothing was loaded.");
    }
    return {
      module: await inflated(module),
      worker: new Blob([script], { type: "text/javascript" }),
      database: data,
    };
  }
}
