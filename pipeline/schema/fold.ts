// The manifest is the fold of its journal: one table says which event moves an entry to which state.
import { publicModelName } from "./names.ts";
import type { EntryStatus, JournalLine, ManifestRow } from "./manifest.ts";

type EntryEvent = Exclude<JournalLine, { event: "run" | "resumed" }>;

/** The state that an event announces for its entry. */
const STATUS_AFTER: Record<EntryEvent["event"], EntryStatus> = {
  stage: "running",
  success: "success",
  failed: "failed",
  timeout: "timeout",
  skipped: "skipped",
};

/** Folds journal lines (oldest first) into one row an entry, in the order the run listed them. */
export function foldJournal(lines: readonly JournalLine[]): ManifestRow[] {
  const rows = new Map<string, ManifestRow>();
  for (const line of lines) {
    if (line.event === "run") {
      for (const entry of line.entries) {
        rows.set(entry.id, {
          id: `${line.run_id}/${entry.id}`,
          run_id: line.run_id,
          entry_id: entry.id,
          gpu_type: entry.gpu,
          provider: entry.provider,
          model: publicModelName(entry.model),
          engine: entry.engine.runtime ?? entry.engine.name,
          ...UNTOUCHED,
        });
      }
    } else if (line.event === "resumed") {
      for (const id of line.entries) reset(rows, id);
    } else {
      const row = rows.get(line.entry_id);
      if (row !== undefined) rows.set(line.entry_id, nextState(row, line));
    }
  }
  return [...rows.values()];
}

/** The row after one event. Pure. */
export function nextState(row: ManifestRow, line: EntryEvent): ManifestRow {
  const next: ManifestRow = { ...row, status: STATUS_AFTER[line.event] };
  if (line.event === "stage") {
    return { ...next, stage: line.stage, worker_id: line.lease_id, started_at: row.started_at ?? line.at };
  }
  next.ended_at = line.at;
  if (line.event === "success") {
    return { ...next, raw_dir: line.raw_dir, tokens_per_second: line.tokens_per_second };
  }
  next.failure_reason = line.reason;
  if (line.event === "skipped") return next;
  return { ...next, failure_stage: line.stage, raw_dir: line.raw_dir };
}

const UNTOUCHED = {
  status: "pending",
  stage: null,
  worker_id: null,
  session_id: null,
  tokens_per_second: null,
  failure_reason: null,
  failure_stage: null,
  raw_dir: null,
  started_at: null,
  ended_at: null,
} as const satisfies Partial<ManifestRow>;

function reset(rows: Map<string, ManifestRow>, id: string): void {
  const row = rows.get(id);
  if (row !== undefined) rows.set(id, { ...row, ...UNTOUCHED });
}
