// How a run shows itself: one line a transition for everybody, and on a terminal one more line that redraws.
import type { Log } from "../lib/log.ts";
import type { Tally } from "../schema/tally.ts";

export interface Progress {
  readonly log: Log;
  /** Names the work that `show` reports on. */
  begin(what: string): void;
  show(tally: Tally): void;
}

/** `terminal` is false for a pipe or CI: then `show` draws nothing. */
export function createProgress(log: Log, write: (text: string) => void, terminal: boolean): Progress {
  let what = "";
  const clear = () => terminal && write("\r\x1b[K");
  return {
    log: {
      info: (text) => (clear(), log.info(text)),
      warn: (text) => (clear(), log.warn(text)),
    },
    begin: (name) => {
      what = name;
    },
    show: (tally) => {
      if (terminal) write(`\r\x1b[K${liveLine(what, tally)}`);
    },
  };
}

/** One line that fits 80 columns where the entry's name allows it. Requests in flight at the window's end run over it; the time shown does not. */
export function liveLine(what: string, tally: Tally): string {
  const { level, planned_seconds, requests, errors, tokens_per_second } = tally;
  const elapsed = Math.round(Math.min(tally.elapsed_seconds, planned_seconds));
  return `  ${what}  c=${level}  ${elapsed} of ${planned_seconds} s  ${requests} requests  ` +
    `${tokens_per_second.toFixed(1)} tokens/s${errors > 0 ? `  ${errors} failed` : ""}`;
}
