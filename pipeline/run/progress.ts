// How a run shows itself: one line a transition for everybody, and on a terminal one more line that redraws.
import type { Log } from "../lib/log.ts";
import type { AgentProgress } from "../stages/context.ts";

export interface Progress {
  readonly log: Log;
  /** Names the work that `show` reports on. */
  begin(what: string): void;
  show(state: AgentProgress): void;
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
    show: (state) => {
      if (terminal) write(`\r\x1b[K${liveLine(what, state)}`);
    },
  };
}

/** One line that fits 80 columns where the entry's name allows it. */
export function liveLine(what: string, state: AgentProgress): string {
  const errors = state.errors > 0 ? `  ${state.errors} errors` : "";
  return `  ${what}  c=${state.level}  ${Math.round(state.elapsed_seconds)} s  ${state.requests} requests  ` +
    `${state.tokens_per_second.toFixed(1)} tokens/s${errors}`;
}
