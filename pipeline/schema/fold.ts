// The manifest is the fold of a run's journals: one table says which event moves an entry to which state.
import { publicModelName } from "./local_paths.ts";
import type { Entry } from "./entry.ts";
import { type Cost, costOf, sumOfCosts } from "./ledger.ts";
import { foldMachines, type MachineEvent, type MachineRecord } from "./machine.ts";
import type { EntryStatus, JournalLine, ManifestRow } from "./manifest.ts";

type EntryEvent = Exclude<JournalLine, { event: "run" | "resumed" }>;

/** The state that an event announces for its entry. */
const STATUS_AFTER: Record<EntryEvent["event"], EntryStatus> = {
  stage: "running",
  retry: "running",
  success: "success",
  failed: "failed",
  timeout: "timeout",
  skipped: "skipped",
};

const RUNNING: readonly EntryStatus[] = ["pending", "running"];

/** One row an entry, in the order the run listed them; `now` (ms since 1970) prices the machines that still run. */
export function foldRun(
  lines: readonly JournalLine[],
  machineEvents: readonly MachineEvent[],
  now: number,
): ManifestRow[] {
  const machines = foldMachines(machineEvents);
  const cost = costOfRun(lines, machines, now);
  const tried = Map.groupBy(
    machines.flatMap((machine) => machine.entries.map((id) => ({ id, machine }))),
    ({ id }) => id,
  );
  return foldJournal(lines).map((row) => {
    const mine = tried.get(row.entry_id)?.map(({ machine }) => machine) ?? [];
    const machine = mine.find(({ machine_id }) => machine_id === row.machine_id) ?? mine.at(-1);
    if (machine === undefined) return row;
    return {
      ...row,
      machine_id: machine.machine_id,
      session_id: machine.provider_id,
      offer_id: machine.offer.id,
      price_per_hour: machine.offer.price_per_hour,
      total_cost: cost.by_entry.get(row.entry_id) ?? 0,
      attempts: mine.length,
    };
  });
}

/** What the machines of a run cost and what for. */
export function costOfRun(lines: readonly JournalLine[], machines: readonly MachineRecord[], now: number) {
  return sumOfCosts(costsOf(lines, machines, now));
}

/** What each machine of a run cost. */
export function costsOf(
  lines: readonly JournalLine[],
  machines: readonly MachineRecord[],
  now: number,
): Cost[] {
  const succeeded = new Set(
    lines.flatMap((line) => line.event === "success" ? [`${line.machine_id} ${line.entry_id}`] : []),
  );
  return machines.map((machine) =>
    costOf(machine, (id) => succeeded.has(`${machine.machine_id} ${id}`), now)
  );
}

/** Folds journal lines (oldest first) into one row an entry, without what only its machines tell. */
export function foldJournal(lines: readonly JournalLine[]): ManifestRow[] {
  const rows = new Map<string, ManifestRow>();
  for (const line of lines) {
    if (line.event === "run") {
      for (const entry of line.entries) rows.set(entry.id, newRow(line, entry));
    } else if (line.event === "resumed") {
      for (const id of line.entries) reset(rows, id);
    } else {
      const row = rows.get(line.entry_id);
      if (row !== undefined) rows.set(line.entry_id, nextState(row, line));
    }
  }
  return [...rows.values()];
}

/** Entries that need no more work, unless somebody resumes them. */
export function finalIds(lines: readonly JournalLine[]): Set<string> {
  const ids = new Set<string>();
  for (const line of lines) {
    if (line.event === "resumed") line.entries.forEach((id) => ids.delete(id));
    else if (line.event !== "run" && !RUNNING.includes(STATUS_AFTER[line.event])) ids.add(line.entry_id);
  }
  return ids;
}

/** The row after one event. Pure. */
export function nextState(row: ManifestRow, line: EntryEvent): ManifestRow {
  const next: ManifestRow = { ...row, status: STATUS_AFTER[line.event] };
  switch (line.event) {
    case "stage":
      return {
        ...next,
        stage: line.stage,
        worker_id: line.lease_id,
        machine_id: line.machine_id,
        started_at: row.started_at ?? line.at,
      };
    case "retry":
      return next;
    case "success":
      return {
        ...next,
        raw_dir: line.raw_dir,
        tokens_per_second: line.tokens_per_second,
        machine_id: line.machine_id,
        ended_at: line.at,
      };
    case "skipped":
      return { ...next, failure_code: line.code, failure_reason: line.reason, ended_at: line.at };
    default:
      return {
        ...next,
        failure_code: line.code,
        failure_reason: line.reason,
        failure_stage: line.stage,
        raw_dir: line.raw_dir,
        ended_at: line.at,
      };
  }
}

const UNTOUCHED = {
  status: "pending",
  stage: null,
  worker_id: null,
  machine_id: null,
  session_id: null,
  offer_id: null,
  price_per_hour: null,
  total_cost: null,
  attempts: 0,
  tokens_per_second: null,
  failure_code: null,
  failure_reason: null,
  failure_stage: null,
  raw_dir: null,
  started_at: null,
  ended_at: null,
} as const satisfies Partial<ManifestRow>;

function newRow({ run_id, simulated }: { run_id: string; simulated: boolean }, entry: Entry): ManifestRow {
  return {
    id: `${run_id}/${entry.id}`,
    run_id,
    entry_id: entry.id,
    gpu_type: entry.gpu,
    provider: entry.provider,
    model: publicModelName(entry.model),
    engine: entry.engine.runtime ?? entry.engine.name,
    simulated,
    ...UNTOUCHED,
  };
}

function reset(rows: Map<string, ManifestRow>, id: string): void {
  const row = rows.get(id);
  if (row !== undefined) rows.set(id, { ...row, ...UNTOUCHED });
}
