// Closed loop: so many requests are in flight at any time; a new one is sent when one ends.
import type { Exchange } from "../exchange.ts";
import { Hope } from "./hope.ts";

/** Sends one request that is due at `scheduled`, milliseconds of performance.now(), and writes down what came of it. */
export type Send = (scheduled: number) => Promise<Exchange["error"]>;

/** Keeps `level` requests in flight while there is `more` at that time; those in flight then may end. An AgentError when no answer can be hoped for. What a `send` rejects with ends it, and comes out here after those in flight. */
export async function keepInFlight(
  level: number,
  more: (now: number) => boolean,
  send: Send,
  stop: AbortSignal,
): Promise<null> {
  const hope = new Hope(Math.max(5, 2 * level));
  const broken = new AbortController();
  const goesOn = (now: number) => !stop.aborted && !broken.signal.aborted && !hope.isLost && more(now);
  const worker = async () => {
    for (let now = performance.now(); goesOn(now); now = performance.now()) hope.see(await send(now));
  };
  await Promise.all(Array.from({ length: level }, () => worker().catch((error) => broken.abort(error))));
  broken.signal.throwIfAborted();
  if (!stop.aborted) hope.require();
  return null;
}
