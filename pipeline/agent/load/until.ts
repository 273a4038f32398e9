// Waits on the monotonic clock: a timer up to two milliseconds before, then turns of the event loop without a timer, which are
// microseconds long and let the network go on. Timers alone are up to a few milliseconds late.

const TIMER_SLACK_MS = 2;
/** The longest that a timer can be set to. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Resolves at `time`, milliseconds of performance.now(), or when `stop` is aborted; at once when that is past. */
export async function until(time: number, stop: AbortSignal): Promise<void> {
  while (!stop.aborted && performance.now() < time) {
    const wait = Math.floor(time - performance.now() - TIMER_SLACK_MS);
    await (wait >= 1 ? timer(Math.min(wait, LONGEST_TIMER_MS), stop) : turn());
  }
}

function timer(wait: number, stop: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const set = setTimeout(resolve, wait);
  const end = () => resolve();
  stop.addEventListener("abort", end, { once: true });
  return promise.finally(() => {
    clearTimeout(set);
    stop.removeEventListener("abort", end);
  });
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
