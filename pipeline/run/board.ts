// How a run shows itself: one line a transition for everybody, and on a terminal one line a lease that redraws, with a total.
import type process from "node:process";
import { createLogUpdate } from "log-update";
import type { Log } from "../lib/log.ts";
import { loadLabel } from "../schema/load.ts";
import { stepInWords, type Tally } from "../schema/tally.ts";
import { cutText } from "../schema/text.ts";

export interface Board {
  /** Writes above what is drawn. */
  readonly log: Log;
  /** A lease came to a stage. */
  stage(leaseId: string, what: string): void;
  /** An entry of a lease is being measured. */
  tally(leaseId: string, entryId: string, tally: Tally): void;
  /** A lease is over. */
  over(leaseId: string): void;
  /** Says where dollars and hours come from. */
  attach(totals: () => Totals): void;
  /** Draws no more. */
  end(): void;
}

/** What leases and the run have cost so far, and how much is left. */
export interface Totals {
  readonly usd: number;
  readonly usd_of: (leaseId: string) => number;
  readonly done: number;
  readonly entries: number;
  /** Seconds that are likely left; null when nobody knows. */
  readonly seconds_left: number | null;
}

interface Line {
  readonly what: string;
  readonly since: number;
  readonly tally: Tally | null;
}

/** `stream`: a terminal to draw on; null for a pipe or CI, which get no drawing. */
export function createBoard(
  log: Log,
  stream: typeof process.stderr | null,
  clock: () => number = Date.now,
): Board {
  // With the cursor shown, log-update listens to no signals, which are ours.
  const draw = stream === null ? null : createLogUpdate(stream, { showCursor: true });
  const lines = new Map<string, Line>();
  let totals: (() => Totals) | null = null;
  const redraw = () => draw?.(boardText(lines, totals?.() ?? null, clock(), stream?.columns ?? 80));
  const above = (write: () => void) => {
    draw?.clear();
    write();
    if (lines.size > 0) redraw();
  };
  const timer = draw === null ? undefined : setInterval(redraw, 1000);
  return {
    log: {
      info: (text) => above(() => log.info(text)),
      warn: (text) => above(() => log.warn(text)),
    },
    stage: (id, what) => {
      lines.set(id, { what, since: clock(), tally: null });
      redraw();
    },
    tally: (id, what, tally) => {
      const since = lines.get(id)?.what === what ? lines.get(id)?.since : undefined;
      lines.set(id, { what, since: since ?? clock(), tally });
      redraw();
    },
    over: (id) => {
      lines.delete(id);
      redraw();
    },
    attach: (source) => {
      totals = source;
    },
    end: () => {
      clearInterval(timer);
      draw?.clear();
      draw?.done();
    },
  };
}

/** The drawing: a line a lease, and a total. Pure. */
export function boardText(
  lines: ReadonlyMap<string, Line>,
  totals: Totals | null,
  now: number,
  columns: number,
): string {
  const rows = [...lines].map(([id, line]) => leaseLine(id, line, totals, now));
  if (totals !== null && totals.entries > 0) rows.push(totalLine(totals));
  return rows.map((row) => cutText(row, columns - 1)).join("\n");
}

function leaseLine(id: string, { what, since, tally }: Line, totals: Totals | null, now: number): string {
  const usd = totals?.usd_of(id) ?? 0;
  const cost = usd > 0 ? `  $${usd.toFixed(3)}` : "";
  const name = what.startsWith(id) ? what : `${id}  ${what}`;
  if (tally === null) return `  ${name}  ${duration((now - since) / 1000)}${cost}`;
  const { arrival, level, planned_seconds, requests, errors, tokens_per_second } = tally;
  const elapsed = Math.round(Math.min(tally.elapsed_seconds, planned_seconds));
  return `  ${name}  ${loadLabel(arrival, level)}${
    stepInWords(tally)
  }  ${elapsed} of ${planned_seconds} s  ${requests} requests  ` +
    `${tokens_per_second.toFixed(1)} tokens/s${errors > 0 ? `  ${errors} failed` : ""}${cost}`;
}

function totalLine({ done, entries, usd, seconds_left }: Totals): string {
  const cost = usd > 0 ? `  $${usd.toFixed(2)}` : "";
  return `  ${done} of ${entries} entries${cost}${
    seconds_left === null ? "" : `  about ${duration(seconds_left)} left`
  }`;
}

/** `45 s`, `12 min`, `3.4 h`. */
export function duration(seconds: number): string {
  if (seconds < 90) return `${Math.max(0, Math.round(seconds))} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
