// Raw directories and roots for tests, small and written by hand.
import { join } from "node:path";
import type { Log } from "../pipeline/lib/log.ts";
import { type Paths, pathsOf } from "../pipeline/paths.ts";
import { sealRawDirectory, type Source } from "../pipeline/lib/seal.ts";
import { realClock } from "../pipeline/lib/clock.ts";
import type { EngineWorld } from "../pipeline/engines/engine.ts";
import { Entry } from "../pipeline/schema/entry.ts";
import { RELEASES } from "../pipeline/schema/releases.ts";
import { JournalLine } from "../pipeline/schema/manifest.ts";
import type { Prompt } from "../pipeline/agent/prompts.ts";
import type { z } from "zod";

/** A root of its own without published results, removed when its scope is left, with a log that remembers. */
export async function temporaryRoot(): Promise<AsyncDisposable & { paths: Paths; log: Log; said: string[] }> {
  const root = await Deno.makeTempDir();
  await Deno.mkdir(join(root, "data", "published"), { recursive: true });
  const said: string[] = [];
  return {
    paths: pathsOf(root),
    said,
    log: { info: (text) => said.push(text), warn: (text) => said.push(text) },
    [Symbol.asyncDispose]: () => Deno.remove(root, { recursive: true }),
  };
}

/** Writes files into a new directory below `parent`. */
export async function directory(
  parent: string,
  name: string,
  files: Record<string, string>,
): Promise<string> {
  const dir = join(parent, name);
  await Deno.mkdir(dir, { recursive: true });
  for (const [file, text] of Object.entries(files)) await Deno.writeTextFile(join(dir, file), text);
  return dir;
}

export function jsonl(lines: readonly object[]): string {
  return lines.map((line) => `${JSON.stringify(line)}\n`).join("");
}

/** metadata.json with the specification's keys; `changes` go into hardware and model. */
export function metadata(
  changes: { hardware?: object; model?: object; test_config?: object; summary?: object } = {},
): string {
  return JSON.stringify({
    benchmark_version: "1.0",
    started_at: "2026-01-02T03:04:05Z",
    completed_at: "2026-01-02T03:09:05Z",
    hostname: "host",
    hardware: {
      gpu_name: "NVIDIA GeForce RTX 4090",
      gpu_memory_mib: 24564,
      gpu_count: 1,
      driver_version: "580.65",
      cuda_version: "13.0",
      cpu_model: "AMD EPYC",
      cpu_cores: 16,
      ram_gib: 64,
      ...changes.hardware,
    },
    model: { name: "qwen2:7b", runtime: "ollama", runtime_version: "0.12", size: "4.4 GB", ...changes.model },
    test_config: { duration_seconds: 300, max_tokens: 256, ...changes.test_config },
    ...(changes.summary === undefined ? {} : { summary: changes.summary }),
  });
}

/** The same files from a host of its own: without one, directories that say the same would be the same evidence. */
export function fromHost(hostname: string, files: Record<string, string>): Record<string, string> {
  const told = JSON.parse(files["metadata.json"] ?? metadata());
  return { ...files, "metadata.json": JSON.stringify({ ...told, hostname }) };
}

/** A successful request with only the specification's keys, begun `seconds` after the start; such lines tell when it ended. It lasts twice as long as its tokens take, at most 2 s. */
export function plainLine(n: number, seconds: number, tps: number, dur = Math.min(2, 200 / tps)): object {
  return { t: 1767323045 + seconds + dur, n, tok: 100, tps, dur, err: false, error_msg: "" };
}

/** A successful request due at `second` of the window, with its times: first text after 0.2 s, last after 1.2 s. */
export function timedLine(n: number, second: number, fields: object = {}): object {
  const at = (offset: number) => Math.round((second + offset) * 1e9);
  return {
    t: 1767323045 + second,
    n,
    dur: 1.2,
    err: false,
    phase: "measure",
    level: 1,
    scheduled_ns: at(0),
    sent_ns: at(0),
    first_text_ns: at(0.2),
    last_text_ns: at(1.2),
    end_ns: at(1.2),
    ...fields,
  };
}

/** Writes and seals data/raw/<run>/<entry>. */
export async function sealed(
  paths: Paths,
  run_id: string,
  entry_id: string,
  files: Record<string, string>,
  source: Partial<Source> = {},
): Promise<string> {
  const dir = await directory(join(paths.raw, run_id), entry_id, { "metadata.json": metadata(), ...files });
  await sealRawDirectory(dir, {
    run_id,
    entry_id,
    origin: "measured",
    provider: "vastai",
    location: "US",
    price_per_hour: 0.36,
    collected_at: "2026-01-02T03:10:00.000Z",
    ...source,
  });
  return dir;
}

/** A request of the agent for a short answer to `text`. */
export function prompt(text: string, changes: Partial<Prompt> = {}): Prompt {
  return { kind: "coding", text, max_tokens: 256, ignore_eos: false, may_be_cached: false, ...changes };
}

/** An address of this machine at which nobody listens. */
export function deafUrl(): string {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return `http://127.0.0.1:${(listener.addr as Deno.NetAddr).port}`;
}

/** Lines of a journal as they are read back, with all that may be left out. */
export function journal(...lines: z.input<typeof JournalLine>[]): JournalLine[] {
  return lines.map((line) => JournalLine.parse(line));
}

/** What engines need of the world, on this computer. */
export function engineWorld(said: string[] = [], changes: Partial<EngineWorld> = {}): EngineWorld {
  return {
    fetch,
    log: (text) => said.push(text),
    signal: new AbortController().signal,
    clock: realClock(),
    host: null,
    ollama_host: undefined,
    onPhase: () => undefined,
    modelsDir: "/nowhere",
    releases: RELEASES,
    startEmbedded: () =>
      Promise.resolve({
        url: "http://127.0.0.1:1",
        version: "test",
        [Symbol.asyncDispose]: () => Promise.resolve(),
      }),
    ...changes,
  };
}

/** An entry of a matrix for this machine, with whatever else is said. */
export function entry(id: string, changes: Partial<z.input<typeof Entry>> = {}): Entry {
  return Entry.parse({
    id,
    gpu: "any",
    provider: "local",
    model: "m",
    engine: { name: "ollama" },
    workload: {},
    price_per_hour: null,
    location: null,
    ...changes,
  });
}

/** A fault that begins after `calm` requests: `when` for a stand-in, and a promise that it has begun. */
export function faultAfter(calm: number): { when: () => boolean; begun: Promise<void> } {
  const { promise, resolve } = Promise.withResolvers<void>();
  let asked = 0;
  const when = () => {
    asked += 1;
    if (asked > calm) resolve();
    return asked > calm;
  };
  return { when, begun: promise };
}
