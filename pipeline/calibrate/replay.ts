// Replays one level: as many streams at once as it says, begun one after another so that their chunks lie
// evenly in time, for some seconds. What is counted lies in a window in which all streams are under way.
import process from "node:process";
import type { Client, Heard } from "./heard.ts";

export interface Load {
  readonly streams: number;
  /** Time in which the streams begin, milliseconds; best the time that one stream takes. */
  readonly ramp_ms: number;
  readonly window_ms: number;
}

export interface Replay {
  readonly heard: Heard[];
  /** The window as it was, milliseconds of performance.now(). */
  readonly window: { readonly from: number; readonly to: number };
  /** CPU time of this process in the window, all of its threads, microseconds. */
  readonly cpu_us: number;
  /** Of each event loop. */
  readonly loop_lags_ms: number[][];
}

/** Keeps `load.streams` streams under way until the window is over; those under way then may end. */
export async function replay(client: Client, load: Load, stop: AbortSignal): Promise<Replay> {
  const origin = performance.now();
  const heard: Heard[] = [];
  const isOver = () => stop.aborted || performance.now() - origin >= load.ramp_ms + load.window_ms;
  let number = 0;
  const worker = async (index: number) => {
    await until(origin + (load.ramp_ms * index) / load.streams, stop);
    while (!isOver()) heard.push(await client.ask(`stream ${number++}`));
  };
  const workers = Array.from({ length: load.streams }, (_, index) => worker(index));
  await until(origin + load.ramp_ms, stop);
  const loops = client.watchLoops();
  const before = process.cpuUsage();
  const from = performance.now();
  await until(origin + load.ramp_ms + load.window_ms, stop);
  const { user, system } = process.cpuUsage(before);
  const to = performance.now();
  const loop_lags_ms = await loops.end();
  await Promise.all(workers);
  return { heard, window: { from, to }, cpu_us: user + system, loop_lags_ms };
}

function until(time: number, stop: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, Math.max(0, time - performance.now()));
  const end = () => {
    clearTimeout(timer);
    resolve();
  };
  stop.addEventListener("abort", end, { once: true });
  if (stop.aborted) end();
  return promise.finally(() => stop.removeEventListener("abort", end));
}
