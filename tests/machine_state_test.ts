// The states of machines and entries: what may follow what, and that the manifest is exactly what both journals say.
import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { FAILURES } from "../pipeline/schema/failures.ts";
import { finalIds, foldRun } from "../pipeline/schema/fold.ts";
import {
  foldMachines,
  type MachineEvent,
  type MachineState,
  mayExist,
  nextState,
} from "../pipeline/schema/machine.ts";
import { ManifestRow } from "../pipeline/schema/manifest.ts";
import { entry, journal } from "./fixtures.ts";
import {
  type At,
  destroying,
  gone,
  machine,
  machineEvents,
  ready,
  requested,
  START,
  time,
  work,
} from "./rented_fixtures.ts";

const STATES: readonly MachineState[] = [
  "intent",
  "create_unknown",
  "not_created",
  "requested",
  "starting",
  "ready",
  "destroying",
  "gone",
];
const MOVES = ["unknown", "not_created", "requested", "starting", "ready", "destroying", "gone"] as const;
const NOTES = ["work", "traffic", "canary", "charged"] as const;

/** State → event → state after it; all else must be refused. */
const ALLOWED: Record<MachineState, string> = {
  intent: "unknown→create_unknown not_created→not_created requested→requested",
  create_unknown: "requested→requested not_created→not_created",
  not_created: "",
  requested: "starting→starting ready→ready destroying→destroying gone→gone",
  starting: "ready→ready destroying→destroying gone→gone",
  ready: "ready→ready destroying→destroying gone→gone",
  destroying: "destroying→destroying gone→gone",
  gone: "",
};

Deno.test("every event in every state is allowed or refused as the table says, and a second wish for one machine always refused", () => {
  for (const state of STATES) {
    const allowed = new Map(ALLOWED[state].split(" ").map((move) => move.split("→") as [string, string]));
    for (const event of MOVES) {
      const to = allowed.get(event);
      if (to === undefined) throws(() => nextState(state, event), TypeError, `${event} in ${state}`);
      else equal(nextState(state, event), to);
    }
    throws(() => nextState(state, "intent"), { name: "TypeError", message: new RegExp(`${state}.*intent`) });
    for (const event of NOTES) equal(nextState(state, event), state);
  }
});

Deno.test("a machine that may exist is never forgotten: only gone and never made are ends, and no event leads out of them", () => {
  deepEqual(STATES.filter((state) => !mayExist({ state })), ["not_created", "gone"]);
  for (const state of STATES.filter((state) => mayExist({ state }))) {
    const targets = ALLOWED[state].split(" ").map((move) => move.split("→")[1]);
    ok(targets.includes("gone") || targets.includes("requested"), `${state} has no way to an end`);
  }
});

Deno.test("a machine's record keeps what its events told", () => {
  const record = machine([
    [2, { event: "unknown", reason: "timeout" }],
    [9, requested],
    [20, { event: "starting" }],
    [30, ready],
    [40, work("measure", "a")],
    [90, destroying("machine_stopped")],
    [95, gone],
    [99, { event: "charged", usd: 0.5 }],
  ], { deadline: 3600 });
  const { state, provider_id, address, end, charged_usd, intended_at, deadline, events } = record;
  deepEqual([state, provider_id, charged_usd, events.length], ["gone", "p1", 0.5, 9]);
  deepEqual(address, { kind: "here" });
  deepEqual(end, { code: "machine_stopped", reason: "r" });
  deepEqual([intended_at, deadline], [START, START + 3_600_000]);
});

Deno.test("lines of several machines are told apart; a line without its machine's intent, or after its end, is refused", () => {
  const [one, two] = ["m1", "m2"].map((machine_id) =>
    machineEvents([[1, requested], [2, gone]], { machine_id })
  ) as [
    MachineEvent[],
    MachineEvent[],
  ];
  const mixed = one.flatMap((event, index) => [event, two[index] ?? event]);
  deepEqual(foldMachines(mixed), [...foldMachines(one), ...foldMachines(two)]);
  throws(() => foldMachines(one.slice(1)), /^TypeError: machine m1 has no intent$/);
  throws(
    () => foldMachines([...one, ...one.slice(1)]),
    /a machine that is gone cannot take the event requested/,
  );
  throws(() => foldMachines([...one, ...one]), /cannot take the event intent/);
});

const at = time(0);
const run = { event: "run" as const, at, run_id: "r", matrix: "m", entries: [entry("a"), entry("b")] };
const stage = (
  entry_id: string,
  machine_id: string | null,
  name: "provision" | "load" | "benchmark" = "load",
) => ({
  event: "stage" as const,
  at,
  entry_id,
  stage: name,
  lease_id: "l",
  machine_id,
});
const success = (entry_id: string, machine_id: string) => ({
  event: "success" as const,
  at: time(500),
  entry_id,
  raw_dir: `r/${entry_id}`,
  tokens_per_second: 50,
  machine_id,
});

/** 100 s at $0.0001 a second, or as long as is said. */
const lived = (machine_id: string, entries: string[], seconds = 100, end: At = [seconds, gone]) =>
  machineEvents([[0, { event: "requested", provider_id: `at ${machine_id}` }], end], {
    machine_id,
    entries,
    offer: { id: `offer of ${machine_id}`, price_per_hour: 0.36 },
  });

Deno.test("a row tells how many machines were tried, which was the last, and what all of them cost", () => {
  const never = machineEvents([[1, { event: "not_created", code: "offer_gone", reason: "r" }]], {
    machine_id: "m0",
    entries: ["a", "b"],
  });
  const machines = [...never, ...lived("m1", ["a", "b"]), ...lived("m2", ["a"], 200)];
  const lines = journal(
    run,
    stage("a", "m1"),
    stage("b", "m1"),
    success("b", "m1"),
    stage("a", "m2"),
    success("a", "m2"),
  );
  const [a, b] = foldRun(lines, machines, START);
  const shown = (row: ManifestRow | undefined) => [
    row?.status,
    row?.attempts,
    row?.machine_id,
    row?.session_id,
    row?.offer_id,
    row?.price_per_hour,
    row?.total_cost?.toFixed(6),
  ];
  deepEqual(shown(a), ["success", 3, "m2", "at m2", "offer of m2", 0.36, "0.025000"]);
  deepEqual(shown(b), ["success", 2, "m1", "at m1", "offer of m1", 0.36, "0.005000"]);
  const idle = lived("m3", ["a", "b"]);
  const [, again] = foldRun(lines, [...machines, ...idle], START);
  deepEqual(shown(again), ["success", 3, "m1", "at m1", "offer of m1", 0.36, "0.010000"]);
  const [open] = foldRun(journal(run, stage("a", null, "provision")), machines, START);
  deepEqual(shown(open), ["running", 3, "m2", "at m2", "offer of m2", 0.36, "0.025000"]);
  for (const row of [a, b]) ManifestRow.parse(row);
});

Deno.test("a row without a machine has no price, cost, session or offer; one whose machine still runs costs until now", () => {
  const lines = journal(run, stage("a", null, "provision"));
  const running = lived("m1", ["a"], 50, [50, ready]);
  const [a, b] = foldRun(lines, running, START + 300_000);
  deepEqual([a?.machine_id, a?.total_cost?.toFixed(4), a?.attempts], ["m1", "0.0300", 1]);
  deepEqual(
    [b?.machine_id, b?.session_id, b?.offer_id, b?.price_per_hour, b?.total_cost, b?.attempts],
    [null, null, null, null, null, 0],
  );
});

Deno.test("a row tells why, where and how it ended; a retry leaves it running", () => {
  const failure = { at: time(9), code: "pull_failed" as const, reason: "no route", raw_dir: null };
  const told = (...lines: Parameters<typeof journal>) => {
    const [row] = foldRun(journal(run, stage("a", "m1"), ...lines), [], START);
    return [row?.status, row?.failure_code, row?.failure_reason, row?.failure_stage, row?.ended_at];
  };
  deepEqual(told({ ...failure, event: "failed", entry_id: "a", stage: "load" }), [
    "failed",
    "pull_failed",
    "no route",
    "load",
    time(9),
  ]);
  deepEqual(
    told({ ...failure, event: "timeout", entry_id: "a", stage: "benchmark", code: "lease_deadline" }).slice(
      0,
      2,
    ),
    ["timeout", "lease_deadline"],
  );
  deepEqual(told({ event: "skipped", at: time(9), entry_id: "a", code: "no_offer", reason: "none" }), [
    "skipped",
    "no_offer",
    "none",
    null,
    time(9),
  ]);
  deepEqual(told({ ...failure, event: "retry", entry_id: "a", stage: "load" }), [
    "running",
    null,
    null,
    null,
    null,
  ]);
});

Deno.test("only what ended is final; a resumed entry is not, until it ends again, and its earlier machines still count", () => {
  const failed = {
    event: "failed" as const,
    at,
    entry_id: "a",
    stage: "load" as const,
    reason: "r",
    raw_dir: null,
  };
  const until = (...lines: Parameters<typeof journal>) => [...finalIds(journal(run, ...lines))].sort();
  deepEqual(until(stage("a", "m")), []);
  deepEqual(until({ ...failed, event: "retry", code: "pull_failed" }), []);
  deepEqual(until(failed, success("b", "m")), ["a", "b"]);
  const resumed = { event: "resumed" as const, at, entries: ["a"] };
  deepEqual(until(failed, success("b", "m"), resumed), ["b"]);
  deepEqual(until(failed, resumed, success("a", "m")), ["a"]);
  const [row] = foldRun(journal(run, failed, resumed), lived("m1", ["a"]), START);
  deepEqual([row?.status, row?.failure_reason, row?.attempts, row?.total_cost?.toFixed(3)], [
    "pending",
    null,
    1,
    "0.010",
  ]);
});

Deno.test("the state that a failure gives its entries is one that the journal knows", () => {
  const known = ["failed", "timeout", "skipped"];
  for (const [code, { status }] of Object.entries(FAILURES)) ok(known.includes(status), code);
  deepEqual(
    Object.entries(FAILURES).filter(([, { status }]) => status === "timeout").map(([code]) => code),
    ["lease_deadline", "total_deadline"],
  );
});
