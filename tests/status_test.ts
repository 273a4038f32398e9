// What `status` shows of a journal that a run has written so far.
import { equal, match, ok } from "node:assert/strict";
import { join } from "node:path";
import { cli, startWith } from "./e2e/cli.ts";
import { entry, journal, jsonl, temporaryRoot } from "./fixtures.ts";

const RUN = "20260102-030405-abcd";
const at = "2026-01-02T03:04:05.000Z";

Deno.test("status says at which stage an entry is, where another failed and why in full, within 80 columns", async () => {
  await using root = await temporaryRoot();
  const long = `local-ollama-${"long-".repeat(7)}model-standard`;
  const reason = `Cannot load m: ${"memory ".repeat(20)}. Take a smaller model.`;
  const lines = journal(
    { event: "run", at, run_id: RUN, matrix: "x.json", entries: ["a", long, "c"].map((id) => entry(id)) },
    { event: "stage", at, entry_id: "a", stage: "setup", lease_id: "l" },
    { event: "stage", at, entry_id: long, stage: "load", lease_id: "l" },
    { event: "failed", at, entry_id: long, stage: "load", reason, raw_dir: null },
  );
  await Deno.mkdir(join(root.paths.runs, RUN), { recursive: true });
  await Deno.writeTextFile(join(root.paths.runs, RUN, "journal.jsonl"), jsonl(lines));
  const narrow = { COLUMNS: "80" };
  const { code, out, err } = await startWith(narrow, "status", "--watch", "--root", root.paths.root).ended;
  equal(code, 0);
  match(
    err,
    new RegExp(`nobody is at work on this run; go on with: deno task run-matrix --resume ${RUN} --root `),
  );
  for (const words of [`run ${RUN}`, "running: setup", "failed at load", "pending", `${long}: ${reason}`]) {
    ok(out.includes(words), `${words} in ${out}`);
  }
  ok(out.split("\n").filter((line) => line.startsWith("│")).every((line) => line.length <= 80));
});

Deno.test("a run that is not known is refused with the known ones, newest first", async () => {
  await using root = await temporaryRoot();
  for (const name of ["20260101-000000-aaaa", "20260102-000000-bbbb", "notes"]) {
    await Deno.mkdir(join(root.paths.runs, name), { recursive: true });
    await Deno.writeTextFile(join(root.paths.runs, name, "journal.jsonl"), "");
  }
  const { code, err } = await cli("status", "20260103-000000-cccc", "--root", root.paths.root);
  equal(code, 2);
  match(err, /^Cannot show run 20260103-000000-cccc: there is no such run in /);
  match(err, /\nKnown runs, newest first: 20260102-000000-bbbb, 20260101-000000-aaaa\.\n$/);
});

Deno.test("status passes over a run that begins and has no journal yet", async () => {
  await using root = await temporaryRoot();
  const newest = join(root.paths.runs, "20260103-000000-cccc");
  await Deno.mkdir(newest, { recursive: true });
  const none = await cli("status", "--root", root.paths.root);
  equal(none.code, 1);
  match(none.err, /^Cannot show a run: there is none in /);
  await Deno.mkdir(join(root.paths.runs, RUN));
  await Deno.writeTextFile(join(root.paths.runs, RUN, "journal.jsonl"), "");
  const { code, out, err } = await cli("status", "--root", root.paths.root);
  equal(code, 0, err);
  ok(out.startsWith(`run ${RUN}\n`), out);
});
