// The files an agent leaves: results.jsonl and chunks.jsonl line by line, server.jsonl window by window, metadata.json at the start
// and at the end, agent.log.
import { join } from "node:path";
import { withoutKey } from "../lib/api_key.ts";
import { homeFolder } from "../lib/env.ts";
import type { ChunkLine } from "../schema/chunk.ts";
import { pathRemover, publicFlag } from "../schema/local_paths.ts";
import {
  type HardwareMeta,
  type LevelSummary,
  LONGEST_FLAG,
  Metadata,
  type ModelMeta,
  type TelemetryMeta,
} from "../schema/metadata.ts";
import { settingsOf } from "../schema/engine_settings.ts";
import { EVIDENCE_FILES } from "../schema/evidence_files.ts";
import { fitted } from "../schema/fitted.ts";
import { visible } from "../schema/plain_text.ts";
import type { RequestLine } from "../schema/request.ts";
import type { ServerLine } from "../schema/server_line.ts";
import { mapTexts, shortText, wellFormedJson } from "../schema/text.ts";
import { BoundedFile } from "./bounded_file.ts";
import { AgentError, type Config } from "./config.ts";
import { type PromptPlan, workloadMetaOf } from "./prompts.ts";
import { STANDARD_PROMPTS } from "./prompts/standard.ts";

const AGENT_VERSION = "1";

/** What metadata.json is made of; it grows while levels are measured. */
export interface Story {
  readonly config: Config;
  readonly started_at: string;
  /** Null until all levels have been measured. */
  completed_at: string | null;
  /** What the agent runs on, with its version. */
  readonly agent_runtime: string;
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
export function metadataOf(story: Story, chunk_lines_left_out = 0): Metadata {
  const { config } = story;
  const measured = story.levels.filter(({ phase }) => phase === "measure");
  const isClosed = config.load === undefined || config.load.kind === "ladder";
  return {
    benchmark_version: "1",
    agent_version: AGENT_VERSION,
    agent_runtime: story.agent_runtime,
    started_at: story.started_at,
    completed_at: story.completed_at,
    hostname: visible(story.hostname),
    host_id: story.host_id,
    hardware: mapTexts(story.hardware, visible),
    model: mapTexts({ ...story.model, runtime_install: config.engine_install }, visible),
    telemetry: mapTexts(story.telemetry, visible),
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
      engine_flags: config.engine_flags === null
        ? null
        : config.engine_flags.map((flag) => shortText(visible(publicFlag(flag)), LONGEST_FLAG)),
      engine_settings: config.engine_flags === null
        ? null
        : settingsOf(story.model.runtime ?? "", config.engine_flags),
    },
    summary: {
      total_requests: story.total_requests,
      total_tokens: story.total_tokens,
      duration_seconds: measured.reduce((sum, level) => sum + level.window_seconds, 0),
      levels: [...story.levels],
      ...(chunk_lines_left_out === 0 ? {} : { chunk_lines_left_out }),
    },
  };
}

type FileName = "results.jsonl" | "chunks.jsonl" | "server.jsonl" | "agent.log";

/** The last line of a log has room for this. */
const LOG_END_BYTES = 200;
const LINE_ENDS = /[\n\r\t]+/g;

/**
 * The open files of one run in folder `out`, each kept below the largest size that evidence may have.
 * Nothing that reaches them tells where the model lies, whose machine it is, or the key of an endpoint.
 */
export class Evidence implements Disposable {
  readonly #out: string;
  readonly #results: BoundedFile;
  readonly #chunks: BoundedFile | null;
  readonly #log: BoundedFile;
  readonly #clean: (text: string) => string;
  #server: BoundedFile | null = null;
  readonly #full = new Set<FileName>();
  readonly #left_out = new Set<string>();
  #chunk_lines_left_out = 0;

  /** With `chunks` there is a chunks.jsonl too. `most_bytes`: other sizes than those of evidence. */
  constructor(
    out: string,
    { chunks, model, api_key }: Pick<Config, "chunks" | "model" | "api_key">,
    readonly most_bytes: Readonly<Partial<Record<FileName, number>>> = {},
  ) {
    Deno.mkdirSync(out, { recursive: true });
    const withoutPaths = pathRemover(model, homeFolder());
    this.#clean = (text) => withoutPaths(withoutKey(text, api_key));
    this.#out = out;
    this.#results = this.#open("results.jsonl");
    this.#chunks = chunks ? this.#open("chunks.jsonl") : null;
    this.#log = this.#open("agent.log");
  }

  /** Requests whose times of chunks found no room. */
  get chunk_lines_left_out(): number {
    return this.#chunk_lines_left_out;
  }

  mostBytes(name: FileName): number {
    return this.most_bytes[name] ?? EVIDENCE_FILES[name].most_bytes;
  }

  /** One line, in the file when this returns. An AgentError says that there is no room for it. */
  request(line: RequestLine): void {
    const { error_msg, stop, model } = line;
    const told = { ...line, ...mapTexts({ error_msg, stop, model }, this.#clean) };
    if (this.#results.write(lineOf(told))) return;
    throw new AgentError(`${this.#fullOf("results.jsonl")}: measure fewer levels at once, or shorter ones`);
  }

  /** One line of chunks.jsonl, if that is kept and has room. */
  chunks(line: ChunkLine): void {
    if (this.#chunks === null || this.#chunks.write(lineOf(line))) return;
    this.#chunk_lines_left_out += 1;
    this.#sayFull("chunks.jsonl", "the times of further chunks are not kept");
  }

  /** The scrapes of a window; server.jsonl is there once there is one. */
  server(lines: readonly ServerLine[]): void {
    if (lines.length === 0) return;
    this.#server ??= this.#open("server.jsonl");
    if (this.#server.write(lines.map(lineOf).join(""))) return;
    this.#sayFull("server.jsonl", "the engine's further counters are not kept");
  }

  /** One line. */
  log(text: string): void {
    const line = `${new Date().toISOString()}  ${visible(this.#clean(text).replace(LINE_ENDS, " "))}\n`;
    const fits = new TextEncoder().encode(line).length + LOG_END_BYTES <= this.#log.left;
    if (fits && this.#log.write(line)) return;
    if (this.#full.has("agent.log")) return;
    this.#full.add("agent.log");
    this.#log.write(`${new Date().toISOString()}  ${this.#fullOf("agent.log")}: nothing more is said here\n`);
  }

  /** Replaces metadata.json in one step. */
  metadata(story: Story): void {
    const path = join(this.#out, "metadata.json");
    const told = mapTexts(metadataOf(story, this.#chunk_lines_left_out), this.#clean);
    const { value, left_out } = fitted(Metadata, told);
    for (const fault of left_out.filter((each) => !this.#left_out.has(each))) {
      this.#left_out.add(fault);
      this.log(`metadata.json leaves out what nothing can be: ${fault}`);
    }
    Deno.writeTextFileSync(`${path}.tmp`, `${wellFormedJson(value, 2)}\n`);
    Deno.renameSync(`${path}.tmp`, path);
  }

  [Symbol.dispose](): void {
    this.#results[Symbol.dispose]();
    this.#chunks?.[Symbol.dispose]();
    this.#server?.[Symbol.dispose]();
    this.#log[Symbol.dispose]();
  }

  #open(name: FileName): BoundedFile {
    return new BoundedFile(join(this.#out, name), this.mostBytes(name));
  }

  #fullOf(name: FileName): string {
    return `${name} has reached its largest size, ${this.mostBytes(name)} bytes`;
  }

  #sayFull(name: FileName, consequence: string): void {
    if (!this.#full.has(name)) this.log(`${this.#fullOf(name)}: ${consequence}`);
    this.#full.add(name);
  }
}

function lineOf(value: object): string {
  return `${wellFormedJson(value)}\n`;
}
