import { deepEqual, equal, fail } from "node:assert/strict";
import { join } from "node:path";
import { openJournal, readRun } from "../pipeline/run/journal.ts";
import { foldJournal } from "../pipeline/schema/fold.ts";
import { foldMachines } from "../pipeline/schema/machine.ts";
import { entry, journal, jsonl } from "./fixtures.ts";
import { gone, machineEvents, requested } from "./rented_fixtures.ts";

const at = "2026-11-24T10:00:00.000Z";
const started = {
  event: "run" as const,
  at,
  run_id: "r",
  matrix: "x.json",
  entries: [entry("e1"), entry("e2")],
};

Deno.test("an entry is pending until its first stage, running until it ends, and keeps where it failed", () => {
  const [one, two] = foldJournal(journal(
    started,
    { event: "stage", at, entry_id: "e1", stage: "setup", lease_id: "l" },
    { event: "failed", at, entry_id: "e1", stage: "load", reason: "no memory", raw_dir: null },
  ));
  equal(one?.status, "failed");
  equal(one?.failure_stage, "load");
  equal(one?.failure_reason, "no memory");
  equal(one?.stage, "setup");
  equal(one?.worker_id, "l");
  equal(two?.status, "pending");
});

Deno.test("a resumed entry is pending again and forgets its failure", () => {
  const rows = foldJournal(journal(
    started,
    { event: "failed", at, entry_id: "e1", stage: "load", reason: "x", raw_dir: "r/e1" },
    { event: "resumed", at, entries: ["e1"] },
  ));
  deepEqual([rows[0]?.status, rows[0]?.failure_reason, rows[0]?.raw_dir], ["pending", null, null]);
});

Deno.test("a journal line cut short by a crash is left out and the next line starts clean", async () => {
  const dir = await Deno.makeTempDir();
  const path = join(dir, "journal.jsonl");
  await Deno.writeTextFile(path, `${JSON.stringify(started)}\n{"event":"stage","at":"2026`);
  const before = await Deno.readTextFile(path);
  equal((await readRun(dir, fail)).lines.length, 1);
  equal(await Deno.readTextFile(path), before);
  using file = await openJournal(dir, fail);
  file.append({
    event: "stage",
    entry_id: "e1",
    stage: "setup",
    lease_id: "l",
    machine_id: null,
    folder: null,
  });
  deepEqual((await readRun(dir, fail)).lines.map((line) => line.event), ["run", "stage"]);
  await Deno.remove(dir, { recursive: true });
});

Deno.test("a damaged line in the middle is left out by its number, and the rest is read", async () => {
  const dir = await Deno.makeTempDir();
  const success = {
    event: "success",
    at,
    entry_id: "e1",
    raw_dir: "r/e1",
    tokens_per_second: 1,
    machine_id: null,
  };
  const lines = [started, { event: "dance" }, "\ud800", success].map((line) => `${JSON.stringify(line)}\n`);
  await Deno.writeTextFile(join(dir, "journal.jsonl"), `${lines.join("")}not JSON\n`);
  const warnings: string[] = [];
  const { rows } = await readRun(dir, (message) => warnings.push(message));
  deepEqual(rows.map(({ entry_id, status }) => [entry_id, status]), [["e1", "success"], ["e2", "pending"]]);
  deepEqual(warnings, [
    `${join(dir, "journal.jsonl")}:2 and 2 more lines left out: it is not a journal line`,
  ]);
  await Deno.remove(dir, { recursive: true });
});

Deno.test("a machine's line that cannot follow those before it is left out by name, and the rest is read", async () => {
  const dir = await Deno.makeTempDir();
  const path = join(dir, "machines.jsonl");
  const one = machineEvents([[1, requested], [2, gone], [3, gone]], { machine_id: "m1" });
  const lost = machineEvents([[1, requested], [2, gone]], { machine_id: "m2" }).slice(1);
  const two = machineEvents([[1, requested]], { machine_id: "m3" });
  await Deno.writeTextFile(join(dir, "journal.jsonl"), jsonl([started]));
  await Deno.writeTextFile(path, jsonl([...one, ...lost, ...two]));
  const warnings: string[] = [];
  const { machines } = await readRun(dir, (message) => warnings.push(message));
  deepEqual(foldMachines(machines).map(({ machine_id, state }) => [machine_id, state]), [
    ["m1", "gone"],
    ["m3", "requested"],
  ]);
  deepEqual(warnings, [
    `${path}:4 left out: a machine that is gone cannot take the event gone`,
    `${path}:5 and 1 more line left out: machine m2 has no intent`,
  ]);
  await Deno.remove(dir, { recursive: true });
});
