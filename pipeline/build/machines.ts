// The machines of a run as the SQL is told of them: what became of each, what it cost, and what its first minutes showed.
import { FAILURES } from "../schema/failures.ts";
import { costsOf } from "../schema/fold.ts";
import { foldMachines, type MachineEvent, type MachineRecord } from "../schema/machine.ts";
import type { JournalLine } from "../schema/manifest.ts";

export type MachineRow = ReturnType<typeof machineRows>[number];

/** One row a machine, oldest first; `now` (ms since 1970) prices those that still run. Pure. */
export function machineRows(
  run_id: string,
  lines: readonly JournalLine[],
  events: readonly MachineEvent[],
  now: number,
) {
  const machines = foldMachines(events);
  const costs = costsOf(lines, machines, now);
  return machines.map((machine, n) => ({
    run_id,
    ...identity(machine),
    total_cost: costs[n]?.usd ?? 0,
    ...downloads(machine),
    canary: machine.canary,
  }));
}

function identity({ offer, end, events, ...machine }: MachineRecord) {
  const { machine_id: id, lease_id, provider_id: session_id, state, simulated } = machine;
  const { provider, id: offer_id, host, location, gpu, gpu_count, price_per_hour } = offer;
  const offered = { provider, offer_id, host, location, gpu, gpu_count, price_per_hour };
  const last = events.findLast(({ event }) => event === "gone" || event === "not_created");
  return {
    id,
    lease_id,
    session_id,
    ...offered,
    state,
    started_at: new Date(machine.intended_at).toISOString(),
    ended_at: last?.at ?? null,
    end_code: end?.code ?? null,
    end_reason: end?.reason ?? null,
    refused: isRefusal(end),
    simulated,
  };
}

/** Whether it was left for what its setup found, which another host may not have. */
function isRefusal(end: MachineRecord["end"]): boolean {
  if (end === null || !(end.code in FAILURES)) return false;
  const { stage, remedy } = FAILURES[end.code as keyof typeof FAILURES];
  return stage === "setup" && remedy === "other_host";
}

/** All that was pulled onto it of which the time is known. */
function downloads({ events }: MachineRecord) {
  const timed = events.flatMap((event) =>
    event.event === "traffic" && event.seconds !== null ? [{ gb: event.downloaded_gb, s: event.seconds }] : []
  );
  return {
    downloaded_gb: timed.reduce((sum, { gb }) => sum + gb, 0),
    download_seconds: timed.reduce((sum, { s }) => sum + s, 0),
  };
}
