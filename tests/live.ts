// An almanac of three results with its live server in this process, for the tests of the API.
import { buildData } from "../pipeline/build/mod.ts";
import type { Paths } from "../pipeline/paths.ts";
import { createServer, type Server, type ServerOptions } from "../pipeline/serve/mod.ts";
import { directory, entry, jsonl, metadata, plainLine, sealed, temporaryRoot } from "./fixtures.ts";

export const MODEL = "qwen2:7b";
/** A run with a manifest. */
export const RUN = "20260102-030405-abcd";
export const ORIGIN = "http://almanac.test";
const CLIENT = { address: "192.0.2.1", taken: () => undefined, outOfFiles: () => undefined };

/** A measured result of `model` on `gpu`: `tps` tokens/s at `price`. */
export async function result(
  paths: Paths,
  name: string,
  gpu: string,
  tps: number,
  price: number | null,
  model = MODEL,
): Promise<void> {
  await sealed(paths, "run", name, {
    "results.jsonl": jsonl(Array.from({ length: 12 }, (_, n) => plainLine(n, n * 2, tps))),
    "metadata.json": metadata({ hardware: { gpu_name: gpu }, model: { name: model } }),
  }, { price_per_hour: price });
}

export interface Live extends AsyncDisposable {
  readonly paths: Paths;
  readonly server: Server;
  readonly said: string[];
  /** Time passes only when a test says so, ms. */
  readonly clock: { now: number };
  ask(path: string, init?: RequestInit): Promise<Response>;
}

/** The journal of a run of one entry that failed. */
export async function failedRun({ runs }: Paths): Promise<void> {
  const at = "2026-01-02T03:04:05.000Z";
  await directory(runs, RUN, {
    "journal.jsonl": jsonl([
      { event: "run", at, run_id: RUN, matrix: "m.json", entries: [entry("e")] },
      { event: "stage", at, entry_id: "e", stage: "load", lease_id: "local-any" },
      { event: "failed", at, entry_id: "e", stage: "load", reason: "out of memory", raw_dir: null },
    ]),
  });
}

/** The server over three GPUs for one model. Leaving its scope closes it and removes its root. */
export async function live(options: Partial<ServerOptions> = {}): Promise<Live> {
  const root = await temporaryRoot();
  const { paths, log, said } = root;
  await result(paths, "a", "NVIDIA H100 80GB HBM3", 200, 2.4);
  await result(paths, "b", "NVIDIA GeForce RTX 4090", 120, 0.4);
  await result(paths, "c", "NVIDIA GeForce RTX 3090", 80, 0.16);
  await failedRun(paths);
  await buildData(paths, log);
  const clock = { now: 0 };
  const server = await createServer({
    paths,
    log,
    accept: null,
    token: null,
    now: () => clock.now,
    ...options,
  });
  return {
    paths,
    server,
    said,
    clock,
    ask: async (path, init) => await server.fetch(new Request(`${ORIGIN}${path}`, init), CLIENT),
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      await root[Symbol.asyncDispose]();
    },
  };
}
