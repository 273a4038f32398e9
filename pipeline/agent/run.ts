// The benchmark: probe, then warm up and measure level after level, with telemetry from first to last.
import os from "node:os";
import type { ChunkLine } from "../schema/chunk.ts";
import type { HardwareMeta, TelemetryMeta } from "../schema/metadata.ts";
import type { RequestLine } from "../schema/request.ts";
import type { Tally } from "../schema/tally.ts";
import type { Config } from "./config.ts";
import { Evidence, type Story } from "./evidence.ts";
import { hostId, probeHardware, UNKNOWN_HARDWARE } from "./hardware.ts";
import { isHere } from "./here.ts";
import { HttpClient } from "./http/client.ts";
import { type LoadContext, measure, warmUp } from "./load.ts";
import { probeModel } from "./model.ts";
import { resetCache } from "./reset.ts";
import { LevelTally } from "./tally.ts";
import { startTelemetry } from "./telemetry.ts";
import { WindowWatch } from "./window_watch.ts";
import type { Wire } from "./wire/frame.ts";
import { ollamaWire } from "./wire/ollama.ts";
import { openaiWire } from "./wire/openai.ts";

export interface Watcher {
  /** Once a second while a level is measured. */
  readonly progress: (tally: Tally) => void;
  /** Once a level, at its end. */
  readonly ended: (tally: Tally) => void;
}

const WIRES: Record<Config["engine"], (config: Config) => Wire> = {
  ollama: ollamaWire,
  vllm: openaiWire,
  sglang: openaiWire,
  "llama.cpp": openaiWire,
  openai: openaiWire,
  embedded: openaiWire,
};

/** Measures every level of `config`; returns early, with what it has, when `stop` is aborted. An AgentError says why it gave up. */
export async function run(config: Config, stop: AbortSignal, watcher: Watcher): Promise<void> {
  using evidence = new Evidence(config.out, config);
  using client = new HttpClient();
  const here = await isHere(config.url);
  await using telemetry = here ? await startTelemetry(config.out, (text) => evidence.log(text)) : null;
  const story = await beginStory(
    config,
    here ? await probeHardware() : UNKNOWN_HARDWARE,
    telemetry?.told ?? null,
  );
  evidence.metadata(story);
  if (!here) evidence.log(`${config.url} is another machine: its hardware is not known, no telemetry`);
  evidence.log(`start ${config.engine} ${config.model} at ${config.url}, levels ${config.levels.join(", ")}`);
  try {
    await telemetry?.rested(stop);
    const context = loadContext(config, client, stop);
    for (const level of config.levels) {
      if (!stop.aborted) await runLevel(level, story, evidence, context, watcher);
      evidence.metadata(story);
    }
    if (!stop.aborted) story.completed_at = new Date().toISOString();
    evidence.log(stop.aborted ? "stopped" : "done");
  } catch (error) {
    evidence.log(`gave up: ${error instanceof Error ? error.message : String(error)}`);
    throw error;
  } finally {
    await telemetry?.finish();
    evidence.metadata(story);
  }
}

async function beginStory(
  config: Config,
  hardware: HardwareMeta,
  telemetry: TelemetryMeta | null,
): Promise<Story> {
  const model = await probeModel(config);
  if (telemetry !== null && config.engine === "ollama") {
    telemetry.model_was_loaded = (model.size_vram_bytes ?? null) !== null;
  }
  return {
    config,
    started_at: new Date().toISOString(),
    completed_at: null,
    hostname: os.hostname(),
    host_id: await hostId(),
    hardware,
    model,
    telemetry,
    levels: [],
    total_requests: 0,
    total_tokens: 0,
  };
}

function loadContext(
  config: Config,
  client: HttpClient,
  stop: AbortSignal,
): Omit<LoadContext, "write" | "onFrame"> {
  let n = 0;
  const nonce = crypto.randomUUID().slice(0, 8);
  return { config, wire: WIRES[config.engine](config), client, nonce, stop, nextNumber: () => n++ };
}

/** Warms up and measures one level. The model is probed again in between: only a loaded one tells where it lies. */
async function runLevel(
  level: number,
  story: Story,
  evidence: Evidence,
  context: Omit<LoadContext, "write" | "onFrame">,
  watcher: Watcher,
): Promise<void> {
  const { config, stop } = context;
  const tally = new LevelTally(level, config.duration_seconds);
  const write = (line: RequestLine, chunks: ChunkLine | null) => {
    evidence.request(line);
    if (chunks !== null) evidence.chunks(chunks);
    if (line.err === true) evidence.log(`request ${line.n} failed: ${line.error_class}: ${line.error_msg}`);
    tally.add(line);
  };
  const onFrame = () => tally.frame();
  const refusal = await resetCache(config);
  if (refusal !== null) evidence.log(`the engine's cache was not emptied: ${refusal}`);
  await warmUp(level, config.warmup_requests, { ...context, write, onFrame });
  story.model = await probeModel(config);
  if (stop.aborted) return;
  using watch = await WindowWatch.start(
    config,
    stop,
    (text) => evidence.log(`concurrency ${level}: ${text}`),
  );
  tally.start();
  const timer = setInterval(() => watcher.progress(tally.now()), 1000);
  try {
    watch.begin(performance.now());
    const window = await measure(level, config.duration_seconds, { ...context, write, onFrame });
    const { client, server } = await watch.end({ level, phase: "measure" });
    evidence.server(server);
    const planned_seconds = config.duration_seconds;
    story.levels.push({ level, ...window, planned_seconds, interrupted: stop.aborted, client });
  } finally {
    clearInterval(timer);
    const { requests, tokens } = tally.now();
    story.total_requests += requests;
    story.total_tokens += tokens;
  }
  watcher.ended(tally.now());
}
