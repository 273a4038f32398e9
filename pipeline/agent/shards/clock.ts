// performance.now() starts anew in each thread; Linux's monotonic clock, which it follows, is one for all.
import type { Exchange } from "../exchange.ts";
import { fixed, Libc, millisecondsOf } from "../socket/libc.ts";

const CLOCK_MONOTONIC = 1;
const READINGS = 50;

/** Linux's monotonic clock minus this thread's performance.now(), milliseconds; of many readings the one that took the least time. Throws where Linux's calls cannot be had. */
export function clockAhead(): number {
  using libc = Libc.open();
  if (libc === null) throw new Error("Cannot read Linux's clock: its calls cannot be had");
  const words = new Uint32Array(fixed(16));
  let least = Infinity;
  let ahead = 0;
  for (let reading = 0; reading < READINGS; reading++) {
    const before = performance.now();
    libc.calls.clock_gettime(CLOCK_MONOTONIC, words);
    const after = performance.now();
    if (after - before >= least) continue;
    least = after - before;
    ahead = millisecondsOf(words, 0) - (before + after) / 2;
  }
  return ahead;
}

/** An exchange with all of its times later by `by` milliseconds. Pure. */
export function shifted(exchange: Exchange, by: number): Exchange {
  const at = (time: number | null) => time === null ? null : time + by;
  return {
    ...exchange,
    sent: exchange.sent + by,
    headers: at(exchange.headers),
    first_frame: at(exchange.first_frame),
    first_text: at(exchange.first_text),
    first_answer: at(exchange.first_answer),
    last_text: at(exchange.last_text),
    end: exchange.end + by,
    text_times: exchange.text_times.map((time) => time + by),
    silent_times: exchange.silent_times.map((time) => time + by),
    finished: at(exchange.finished),
  };
}
