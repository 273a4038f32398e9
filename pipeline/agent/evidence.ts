// The files an agent leaves: results.jsonl and chunks.jsonl line by line, server.jsonl window by window, metadata.json at the start
// and at the end, agent.log.
import { join } from "node:path";
import type { ChunkLine } from "../schema/chunk.ts";
import { pathRemover, publicFlag } from "../schema/local_paths.ts";
import type { HardwareMeta, LevelSummary, Metadata, ModelMeta, TelemetryMeta } from "../schema/metadata.ts";
import { visible } from "../schema/plain_text.ts";
import type { RequestLine } from "../schema/request.ts";
import type { ServerLine } from "../schema/server_line.ts";
import { mapTexts, wellFormedJson } from "../schema/text.ts";
import type { Config } from "./config.ts";
import { type PromptPlan, workloadMetaOf } from "./prompts.ts";
import { STANDARD_PROMPTS } from "./prompts/standard.ts";

export const AGENT_VERSION = "1";

/** What metadata.json is made of; it grows while levels are measured. */
export interface Story {
  readonly config: Config;
  readonly started_at: string;
  /** Null until all levels have been measured. */
  completed_at: string | null;
  readonly hostname: string;
  readonly host_id: string;
  readonly hardware: HardwareMeta;
  model: ModelMeta;
  plan: PromptPlan;
  /** Null where there is none. */
  readonly telemetry: TelemetryMeta | null;
  readonly levels: LevelSummary[];
  /** Requests and output tokens of the measured windows. */
  total_requests: number;
  total_tokens: number;
}

/** metadata.json. Pure. */
export function metadataOf(story: Story): Metadata {
  const { config } = story;
  const measured = story.levels.filter(({ phase }) => phase === "measure");
  const isClosed = config.load === undefined || config.load.kind === "ladder";
  return {
    benchmark_version: "1",
    agent_version: AGENT_VERSION,
    started_at: story.started_at,
    completed_at: story.completed_at,
    hostname: visible(story.hostname),
    host_id: story.host_id,
    hardware: mapTexts(story.hardware, visible),
    model: mapTexts(story.model, visible),
    telemetry: story.telemetry,
    test_config: {
      duration_seconds: config.duration_seconds,
      max_tokens: config.max_tokens,
      concurrency: isClosed ? measured.map(({ level }) => level) : null,
      load: config.load ?? null,
      settle_seconds: config.settle_seconds,
      seed: config.seed,
      prompts: config.prompts.kind === "standard"
        ? STANDARD_PROMPTS.map(({ kind, text }) => ({ type: kind, prompt: text }))
        : null,
      workload: workloadMetaOf(story.plan),
      warmup_requests: config.warmup_requests,
      temperature: 0,
      engine_flags: config.engine_flags === null ? null : config.engine_flags.map(publicFlag),
    },
    summary: {
      total_requests: story.total_requests,
      total_tokens: story.total_tokens,
      duration_seconds: measured.reduce((sum, level) => sum + level.window_seconds, 0),
      levels: [...story.levels],
    },
  };
}

/** The open files of one run in folder `out`. Nothing that reaches them tells where the model lies or whose machine it is. */
export class Evidence implements Disposable {
  readonly #out: string;
  readonly #results: Deno.FsFile;
  readonly #chunks: Deno.FsFile | null;
  readonly #log: Deno.FsFile;
  readonly #withoutPaths: (text: string) => string;
  #server: Deno.FsFile | null = null;

  /** With `chunks` there is a chunks.jsonl too. */
  constructor(out: string, { chunks, model }: Pick<Config, "chunks" | "model">) {
    Deno.mkdirSync(out, { recursive: true });
    this.#withoutPaths = pathRemover(model, Deno.env.get("HOME") ?? Deno.env.get("USERPROFILE") ?? null);
    this.#out = out;
    this.#results = this.#open("results.jsonl");
    this.#chunks = chunks ? this.#open("chunks.jsonl") : null;
    this.#log = this.#open("agent.log");
  }

  /** One line, in the file when this returns. */
  request(line: RequestLine): void {
    const { error_msg } = line;
    const told = typeof error_msg === "string" ? { ...line, error_msg: this.#withoutPaths(error_msg) } : line;
    writeAll(this.#results, `${wellFormedJson(told)}\n`);
  }

  /** One line of chunks.jsonl, if that is kept. */
  chunks(line: ChunkLine): void {
    if (this.#chunks !== null) writeAll(this.#chunks, `${JSON.stringify(line)}\n`);
  }

  /** The scrapes of a window; server.jsonl is there once there is one. */
  server(lines: readonly ServerLine[]): void {
    if (lines.length === 0) return;
    this.#server ??= this.#open("server.jsonl");
    writeAll(this.#server, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  }

  log(text: string): void {
    writeAll(this.#log, `${new Date().toISOString()}  ${this.#withoutPaths(text)}\n`);
  }

  /** Replaces metadata.json in one step. */
  metadata(story: Story): void {
    const path = join(this.#out, "metadata.json");
    const told = mapTexts(metadataOf(story), this.#withoutPaths);
    Deno.writeTextFileSync(`${path}.tmp`, `${wellFormedJson(told, 2)}\n`);
    Deno.renameSync(`${path}.tmp`, path);
  }

  [Symbol.dispose](): void {
    this.#results.close();
    this.#chunks?.close();
    this.#server?.close();
    this.#log.close();
  }

  #open(name: string): Deno.FsFile {
    return Deno.openSync(join(this.#out, name), { write: true, create: true, truncate: true });
  }
}

function writeAll(file: Deno.FsFile, text: string): void {
  for (let rest = new TextEncoder().encode(text); rest.length > 0;) {
    rest = rest.subarray(file.writeSync(rest));
  }
}
