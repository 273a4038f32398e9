// The benchmark: probe, then warm up and measure level after level, with telemetry from first to last.
import os from "node:os";
import type { ChunkLine } from "../schema/chunk.ts";
import { workloadLabel } from "../schema/load.ts";
import type { HardwareMeta, TelemetryMeta } from "../schema/metadata.ts";
import type { RequestLine } from "../schema/request.ts";
import type { Tally } from "../schema/tally.ts";
import type { Config } from "./config.ts";
import { Evidence, type Story } from "./evidence.ts";
import { hostId, probeHardware, UNKNOWN_HARDWARE } from "./hardware.ts";
import { isHere } from "./here.ts";
import { type LoadContext, measure, warmUp } from "./load.ts";
import { nextStep, type Outcome, type Step } from "./load/course.ts";
import { probeModel } from "./model.ts";
import { promptPlanOf } from "./prompts.ts";
import { gauged } from "./prompts/gauge.ts";
import { resetCache } from "./reset.ts";
import { LevelTally } from "./tally.ts";
import { type Exchanger, exchangerFor } from "./shards/exchanger.ts";
import { startTelemetry } from "./telemetry.ts";
import { WindowWatch } from "./window_watch.ts";

export interface Watcher {
  /** Once a second while a level is warmed up and measured. */
  readonly progress: (tally: Tally) => void;
  /** Once a level, at its end. */
  readonly ended: (tally: Tally) => void;
}

/** Measures every level of `config`; returns early, with what it has, when `stop` is aborted. An AgentError says why it gave up. */
export async function run(config: Config, stop: AbortSignal, watcher: Watcher): Promise<void> {
  using evidence = new Evidence(config.out, config);
  await using exchanger = exchangerFor(config, stop);
  const here = await isHere(config.url);
  await using telemetry = here ? await startTelemetry(config.out, (text) => evidence.log(text)) : null;
  const story = await beginStory(
    config,
    here ? await probeHardware() : UNKNOWN_HARDWARE,
    telemetry?.told ?? null,
  );
  evidence.metadata(story);
  if (!here) evidence.log(`${config.url} is another machine: its hardware is not known, no telemetry`);
  evidence.log(`start ${config.engine} ${config.model} at ${config.url}, ${workloadLabel(config)}`);
  try {
    await telemetry?.rested(stop);
    const begun = loadContext(story, exchanger, stop);
    story.plan = await gauged({ ...begun, write: writer(evidence) }, nextStep(config, [])?.level ?? 1);
    const context = { ...begun, plan: story.plan };
    const history: Outcome[] = [];
    for (let step = nextStep(config, history); step !== null; step = nextStep(config, history)) {
      const outcome = await runLevel(step, story, evidence, context, watcher);
      evidence.metadata(story);
      if (outcome === null) break;
      history.push(outcome);
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
    agent_runtime: `deno ${Deno.version.deno}`,
    hostname: os.hostname(),
    host_id: await hostId(),
    hardware,
    model,
    plan: promptPlanOf(config, crypto.randomUUID().slice(0, 8)),
    telemetry,
    levels: [],
    total_requests: 0,
    total_tokens: 0,
  };
}

function loadContext(
  { config, plan }: Story,
  exchanger: Exchanger,
  stop: AbortSignal,
): Omit<LoadContext, "write" | "onSend"> {
  let n = 0;
  return { config, exchanger, plan, stop, nextNumber: () => n++ };
}

/** Writes a request down, in agent.log too when it failed. */
function writer(evidence: Evidence): (line: RequestLine, chunks: ChunkLine | null) => void {
  return (line, chunks) => {
    evidence.request(line);
    if (chunks !== null) evidence.chunks(chunks);
    if (line.err === true) evidence.log(`request ${line.n} failed: ${line.error_class}: ${line.error_msg}`);
  };
}

/** Warms up and measures one level; null when it was stopped. The model is probed again in between: only a loaded one tells where it lies. */
async function runLevel(
  step: Step,
  story: Story,
  evidence: Evidence,
  context: Omit<LoadContext, "write" | "onSend">,
  watcher: Watcher,
): Promise<Outcome | null> {
  const { config, exchanger, stop } = context;
  const { level, phase } = step;
  if (stop.aborted) return null;
  const tally = new LevelTally(step, config.duration_seconds, () => exchanger.frames);
  const keep = writer(evidence);
  const write = (line: RequestLine, chunks: ChunkLine | null) => {
    keep(line, chunks);
    tally.add(line);
  };
  const told = { ...context, write, onSend: () => tally.sent() };
  // Whoever watches sees the tokens of the warm-up, too: it may take longer than any token is waited for.
  const timer = setInterval(() => watcher.progress(tally.now()), 1000);
  try {
    const refusal = await resetCache(config);
    if (refusal !== null) evidence.log(`the engine's cache was not emptied: ${refusal}`);
    await warmUp(step, config.warmup_requests, told);
    story.model = await probeModel(config);
    if (stop.aborted) return null;
    using watch = await WindowWatch.start(config, stop, (text) => evidence.log(`level ${level}: ${text}`));
    const origin = performance.now() + config.settle_seconds * 1000;
    tally.start(origin);
    watch.begin(origin, exchanger);
    const { stop_reason, ...window } = await measure(step, origin, told);
    const { client, server } = await watch.end({ level, phase });
    evidence.server(server);
    if (stop_reason !== null) evidence.log(`level ${level} was ended: ${stop_reason}`);
    const { duration_seconds: planned_seconds, settle_seconds } = config;
    const interrupted = stop.aborted || stop_reason !== null;
    story.levels.push({
      level,
      phase,
      ...window,
      planned_seconds,
      settle_seconds,
      interrupted,
      stop_reason,
      client,
    });
    watcher.ended(tally.now());
    return stop.aborted ? null : tally.outcome(window.load_seconds, config.slo);
  } finally {
    clearInterval(timer);
    if (phase === "measure") {
      const { requests, tokens } = tally.now();
      story.total_requests += requests;
      story.total_tokens += tokens;
    }
  }
}
