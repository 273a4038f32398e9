// The benchmark: probe, then warm up and measure level after level, with telemetry from first to last.
import os from "node:os";
import type { LevelSummary } from "../schema/metadata.ts";
import type { RequestLine } from "../schema/request.ts";
import type { Config } from "./config.ts";
import { Evidence, type Story } from "./evidence.ts";
import { hostId, probeHardware } from "./hardware.ts";
import { type LoadContext, measure, warmUp } from "./load.ts";
import { probeModel } from "./model.ts";
import { LevelTally, type Tally } from "./tally.ts";
import { startTelemetry } from "./telemetry.ts";
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
  openai: openaiWire,
  embedded: openaiWire,
};

/** Measures every level of `config`; returns early, with what it has, when `stop` is aborted. An AgentError says why it gave up. */
export async function run(config: Config, stop: AbortSignal, watcher: Watcher): Promise<void> {
  using evidence = new Evidence(config.out);
  await using _telemetry = await startTelemetry(config.out);
  const levels: LevelSummary[] = [];
  let total_requests = 0;
  let total_tokens = 0;
  let n = 0;
  const told = {
    config,
    started_at: new Date().toISOString(),
    hostname: os.hostname(),
    host_id: await hostId(),
    hardware: await probeHardware(),
  };
  let model = await probeModel(config);
  const tell = (completed_at: string | null) => {
    const story: Story = { ...told, model, levels, completed_at, total_requests, total_tokens };
    evidence.metadata(story);
  };
  tell(null);
  evidence.log(`start ${config.engine} ${config.model} at ${config.url}, levels ${config.levels.join(", ")}`);
  let tally = new LevelTally(0);
  const write = (line: RequestLine) => {
    evidence.request(line);
    tally.add(line);
    if (line.err === true) evidence.log(`request ${line.n} failed: ${line.error_class}: ${line.error_msg}`);
    if (line.phase !== "measure" || line.error_class === "stopped") return;
    total_requests += 1;
    if (line.err !== true) total_tokens += line.tok;
  };
  const context: LoadContext = {
    config,
    wire: WIRES[config.engine](config),
    nonce: crypto.randomUUID().slice(0, 8),
    stop,
    write,
    nextNumber: () => n++,
  };
  try {
    for (const level of config.levels) {
      await warmUp(level, config.warmup_requests, context);
      model = await probeModel(config);
      if (stop.aborted) break;
      tally = new LevelTally(level);
      const timer = setInterval(() => watcher.progress(tally.now()), 1000);
      try {
        const window = await measure(level, config.duration_seconds, context);
        levels.push({
          level,
          ...window,
          planned_seconds: config.duration_seconds,
          interrupted: stop.aborted,
        });
      } finally {
        clearInterval(timer);
      }
      tell(null);
      watcher.ended(tally.now());
      if (stop.aborted) break;
    }
    tell(stop.aborted ? null : new Date().toISOString());
    evidence.log(stop.aborted ? "stopped" : "done");
  } catch (error) {
    evidence.log(`gave up: ${error instanceof Error ? error.message : String(error)}`);
    tell(null);
    throw error;
  }
}
