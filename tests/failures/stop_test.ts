// Somebody stops the run, or another one wants the same root: no machine is left, and what was measured is kept.
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { StoppedError } from "../../pipeline/errors.ts";
import { lockRoot } from "../../pipeline/lib/lock.ts";
import type { Script } from "../cloud/server.ts";
import { cli } from "../e2e/cli.ts";
import { type Ended, evidenceOf, LONG, measuring, run, stageWith, succeeded, tidy } from "./trial.ts";

/** It was stopped: nothing failed, nothing is left, and the run can go on. */
function stopped(result: Ended): void {
  ok(result.outcome.stopped instanceof StoppedError);
  equal(result.rows[0]?.status, "running");
  ok(result.machines.every(({ state }) => ["gone", "not_created"].includes(state)));
  tidy(result);
}

for (
  const [what, fault] of [
    ["whose answer comes", undefined],
    ["whose answer is lost", { lost: "after" }],
    ["that makes nothing", { lost: "before" }],
  ] as const
) {
  Deno.test(`a stop during a create ${what} leaves no machine`, async () => {
    const stop = new AbortController();
    const script: Script = (verb) => {
      if (verb !== "create") return undefined;
      stop.abort();
      return fault;
    };
    await using stage = await stageWith({ script });
    const events = {
      line: (line: string, time: { skip(seconds: number): void }) =>
        line.includes("proof that it was never made") && time.skip(300),
    };
    const result = await run(stage, events, { signal: stop.signal });
    stopped(result);
    equal(result.machines.length, 1);
  });
}

Deno.test("a stop while a machine boots ends it", async () => {
  const stop = new AbortController();
  await using stage = await stageWith({});
  const line = (text: string) => text.endsWith("loading: loading") && stop.abort();
  const result = await run(stage, { line }, { signal: stop.signal });
  stopped(result);
  equal(result.machines[0]?.end?.code, "stopped");
});

Deno.test("a stop while a machine is set up ends it", async () => {
  const stop = new AbortController();
  await using stage = await stageWith({});
  const line = (text: string) => text.includes("pulling qwen2:7b") && stop.abort();
  stopped(await run(stage, { line }, { signal: stop.signal }));
});

Deno.test("a stop while it measures ends the machine, keeps what was measured, and the run goes on later", async () => {
  const stop = new AbortController();
  await using stage = await stageWith({}, LONG);
  const running = run(stage, {}, { signal: stop.signal });
  await measuring(stage);
  stop.abort();
  const result = await running;
  stopped(result);
  const { run_id, entry_id } = result.rows[0] ?? {};
  const kept = await evidenceOf(stage, `${run_id}/${entry_id}`);
  ok(kept.requests >= 5 && !kept.complete);
  const later = await run(stage, {}, { resume: run_id ?? "" });
  await succeeded(later, later.rows[0], "1", 2);
  equal(later.rows[0]?.raw_dir, `${run_id}/${entry_id}-retry2`);
  equal((await evidenceOf(stage, `${run_id}/${entry_id}`)).requests, kept.requests);
  tidy(later);
});

Deno.test("two controllers on one root refuse each other: the second is told who works there, and the first goes on", async () => {
  await using stage = await stageWith({}, LONG);
  using _lock = await lockRoot(stage.paths.root);
  const running = run(stage);
  await measuring(stage);
  const second = await cli("run-matrix", stage.matrix, "--yes", "--root", stage.paths.root);
  equal(second.code, 1);
  match(second.err, new RegExp(`another run, import or build is at work there \\(process ${Deno.pid}\\)`));
  const result = await running;
  await succeeded(result, result.rows[0], "1", 1);
  const runs = (await Array.fromAsync(Deno.readDir(stage.paths.runs))).filter(({ isDirectory }) =>
    isDirectory
  );
  deepEqual(runs.map(({ name }) => name), [result.outcome.run_id]);
  tidy(result);
});
