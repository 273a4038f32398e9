import { deepEqual, equal, rejects } from "node:assert/strict";
import { join } from "node:path";
import { openJournal, readRun } from "../pipeline/run/journal.ts";
import { foldJournal } from "../pipeline/schema/fold.ts";
import { entry, journal } from "./fixtures.ts";

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
  equal((await readRun(dir)).lines.length, 1);
  equal(await Deno.readTextFile(path), before);
  using file = await openJournal(dir);
  file.append({
    event: "stage",
    entry_id: "e1",
    stage: "setup",
    lease_id: "l",
    machine_id: null,
    folder: null,
  });
  deepEqual((await readRun(dir)).lines.map((line) => line.event), ["run", "stage"]);
  await Deno.remove(dir, { recursive: true });
});

Deno.test("a damaged line in the middle is refused with its number", async () => {
  const dir = await Deno.makeTempDir();
  await Deno.writeTextFile(join(dir, "journal.jsonl"), `${JSON.stringify(started)}\n{"event":"dance"}\n`);
  await rejects(readRun(dir), /journal\.jsonl:2 is not a journal line/);
  await Deno.remove(dir, { recursive: true });
});
