// Puts load on the engine: warm-up requests, then a level's window, before which the load may settle.
import type { ChunkLine } from "../schema/chunk.ts";
import { LONGEST } from "../schema/load_limits.ts";
import type { Phase } from "../schema/names.ts";
import type { RequestLine } from "../schema/request.ts";
import type { Config } from "./config.ts";
import { keepInFlight, type Send } from "./load/closed.ts";
import type { Step } from "./load/course.ts";
import { Horizon } from "./load/horizon.ts";
import { followSchedule } from "./load/open.ts";
import { scheduleOf } from "./load/schedule.ts";
import { until } from "./load/until.ts";
import { promptFor, type PromptPlan } from "./prompts.ts";
import { chunkLineOf, lineOf } from "./record.ts";
import type { Exchanger } from "./shards/exchanger.ts";

export interface LoadContext {
  readonly config: Config;
  readonly exchanger: Exchanger;
  readonly plan: PromptPlan;
  readonly stop: AbortSignal;
  /** Told of every request as it is sent. */
  readonly onSend: () => void;
  /** Told of every request at its end; `chunks` is null when no text came. */
  readonly write: (line: RequestLine, chunks: ChunkLine | null) => void;
  /** The running number of the next request. */
  readonly nextNumber: () => number;
}

export interface Window {
  readonly started_at: string;
  /** How long requests were sent. */
  readonly load_seconds: number;
  /** To the end of the last request. */
  readonly window_seconds: number;
  /** Why the load ended before its time; null when it did not. */
  readonly stop_reason: string | null;
}

/** Sends `count` requests that are not counted, as many at once as a closed loop's level says, one after another before an open loop. */
export async function warmUp({ arrival, level }: Step, count: number, context: LoadContext): Promise<void> {
  const origin = performance.now();
  let left = count;
  const send: Send = (scheduled) => sendOne({ phase: "warmup", level, origin, scheduled }, context);
  await keepInFlight(arrival === "closed" ? level : 1, () => left-- > 0, send, context.stop);
}

/** Measures one level. Its window starts at `origin`, milliseconds of performance.now(); the load before that lets the engine settle. */
export async function measure(step: Step, origin: number, context: LoadContext): Promise<Window> {
  const { config: { duration_seconds, least_requests }, stop } = context;
  const started_at = new Date(Date.now() + origin - performance.now()).toISOString();
  const horizon = new Horizon(duration_seconds * 1000, least_requests);
  const send: Send = async (scheduled) => {
    const phase = phaseOf(step, scheduled < origin);
    const error = await sendOne({ phase, level: step.level, origin, scheduled }, context);
    if (scheduled >= origin && error?.kind !== "stopped") horizon.see(performance.now() - origin);
    return error;
  };
  const stop_reason = step.arrival === "closed"
    ? await keepInFlight(step.level, (now) => now - origin < horizon.end, send, stop)
    : await openLoop(step, origin, horizon, send, context);
  const now = Math.max(0, performance.now() - origin);
  const isCut = stop.aborted || stop_reason !== null;
  return {
    started_at,
    load_seconds: (isCut ? Math.min(now, horizon.end) : horizon.end) / 1000,
    window_seconds: now / 1000,
    stop_reason: stop_reason ?? null,
  };
}

/** The load of the repeated level before its window is no part of what settled the level when it was measured. */
function phaseOf({ phase }: Step, isBefore: boolean): Phase {
  if (!isBefore) return phase;
  return phase === "repeat" ? "warmup" : "settle";
}

async function openLoop(
  { level }: Step,
  origin: number,
  horizon: Horizon,
  send: Send,
  { config, stop }: LoadContext,
): Promise<string | null> {
  const { load, seed, settle_seconds, duration_seconds, least_requests } = config;
  if (load === undefined || load.kind === "ladder") return null;
  const seconds = duration_seconds * (least_requests > 0 ? LONGEST : 1);
  const due = scheduleOf(load, level, { settle_seconds, seconds }, seed).map((time) => origin + time);
  const reason = await followSchedule(due, (time) => time - origin < horizon.end, send, stop, {
    hopeless: Math.max(20, Math.ceil(10 * level)),
  });
  if (reason === null) await until(origin + horizon.end, stop);
  return reason;
}

interface Slot {
  readonly phase: Phase;
  readonly level: number;
  readonly origin: number;
  readonly scheduled: number;
}

/** Sends the next request and writes its lines; what went wrong, or null. */
async function sendOne(slot: Slot, context: LoadContext) {
  const n = context.nextNumber();
  context.onSend();
  const prompt = promptFor(n, context.plan);
  const result = await context.exchanger.exchange(prompt);
  const place = { n, prompt, ...slot };
  context.write(lineOf(result, place), chunkLineOf(result, place));
  return result.error;
}
