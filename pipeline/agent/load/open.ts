// Open loop: each request is sent when it is due, however many others still wait for their answers.
import { MOST_IN_FLIGHT } from "../../schema/load_limits.ts";
import type { Send } from "./closed.ts";
import { Hope } from "./hope.ts";
import { until } from "./until.ts";

export interface Bounds {
  /** So many failures in a row end it. */
  readonly hopeless: number;
  /** So many requests in flight end it. */
  readonly most?: number;
}

/**
 * Sends a request at each of the times `due`, milliseconds of performance.now(), as long as `more` says so; those in flight then
 * may end. Returns why it stopped before, or null. An AgentError when no answer can be hoped for; that none comes in time is what an
 * overloaded server does, and goes on. What a `send` rejects with ends it, and comes out here after those in flight.
 */
export async function followSchedule(
  due: readonly number[],
  more: (due: number) => boolean,
  send: Send,
  stop: AbortSignal,
  { hopeless, most = MOST_IN_FLIGHT }: Bounds,
): Promise<string | null> {
  const hope = new Hope(hopeless);
  const inFlight = new Set<Promise<void>>();
  const broken = new AbortController();
  const cut = AbortSignal.any([stop, broken.signal]);
  let reason: string | null = null;
  for (const time of due) {
    await until(time, cut);
    if (cut.aborted || hope.isLost || !more(time)) break;
    if (inFlight.size >= most) {
      reason = `${most} requests were in flight: the engine does not keep up`;
      break;
    }
    const one: Promise<void> = send(time).then((error) => {
      if (error?.kind !== "timeout") hope.see(error);
    }).catch((error) => broken.abort(error)).finally(() => inFlight.delete(one));
    inFlight.add(one);
  }
  await Promise.all(inFlight);
  broken.signal.throwIfAborted();
  if (!stop.aborted) hope.require();
  return reason;
}
