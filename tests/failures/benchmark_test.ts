// Reasons that show while an entry is measured: what was measured before is kept, and another machine is tried.
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { join } from "node:path";
import {
  type Ended,
  ended,
  ENOUGH,
  evidenceOf,
  first,
  keptOf,
  linesOf,
  LONG,
  measuring,
  OFFERS,
  retried,
  run,
  skipAt,
  stageWith,
  succeeded,
  tidy,
} from "./trial.ts";
import { until } from "../until.ts";

/** What was measured before is sealed, and marked as not complete. */
async function partial(result: Ended): Promise<number> {
  const { provenance, requests, complete } = await evidenceOf(result.stage, keptOf(result));
  equal(complete, false);
  equal(provenance.origin, "simulated");
  ok(provenance.files.some(({ name }) => name === "results.jsonl"));
  return requests;
}

Deno.test("[driver_failed] a CUDA error while it measures keeps what was measured, and the next host measures anew", async () => {
  await using stage = await stageWith({ machines: first({ engine: { cudaErrorAfter: 4 } }) }, ENOUGH);
  const result = await run(stage);
  const found = /Cannot finish the benchmark of qwen2:7b: .*CUDA error: an illegal memory access/;
  retried(result, { code: "driver_failed", at: "benchmark", found });
  await succeeded(result, result.rows[0], "2", 2);
  ok(await partial(result) >= 4);
  match(result.rows[0]?.raw_dir ?? "", /-retry2$/);
  tidy(result);
});

Deno.test("[benchmark_failed] an engine that refuses request after request ends the entry, with what was measured before", async () => {
  await using stage = await stageWith(
    { machines: first({ engine: { failsAfter: 4 } }) },
    { ...ENOUGH, models: ["qwen2:1.5b", "qwen2:7b"] },
  );
  const result = await run(stage);
  const found = /the engine failed 5 times in a row: HTTP 503: the runner is busy/;
  for (const row of result.rows) ended(result, row, { code: "benchmark_failed", at: "benchmark", found });
  ok(await partial(result) >= 4);
  equal(result.rows[0]?.raw_dir, keptOf(result));
  const log = await Deno.readTextFile(join(stage.paths.raw, keptOf(result), "agent.log"));
  match(log, /gave up: the engine failed 5 times in a row/);
  equal(result.machines.length, 1);
  tidy(result);
});

Deno.test("[inference_stuck] requests without a new token are no inference, and another host is tried", async () => {
  await using stage = await stageWith({ machines: first({ engine: { hangsAfter: 4 } }) });
  const result = await run(stage);
  const found = /Cannot go on with qwen2:7b: no new token for 120 s/;
  retried(result, { code: "inference_stuck", at: "benchmark", found });
  await succeeded(result, result.rows[0], "2", 2);
  ok(await partial(result) >= 4);
  tidy(result);
});

Deno.test("[engine_not_answering] an engine that dies while it is measured is started again, then left with its host", async () => {
  await using stage = await stageWith({ machines: first({ engine: { diesAfter: 4 } }) }, ENOUGH);
  const result = await run(stage);
  const found = /the engine failed 5 times in a row: /;
  equal(retried(result, { code: "engine_not_answering", at: "benchmark", found }), 2);
  equal(result.said.filter((line) => line.includes("trying again: engine_not_answering")).length, 1);
  const shown = result.said.filter((line) => /^vastai\S* {4}panic: runtime error/.test(line));
  equal(shown.length, 2, result.said.join("\n"));
  await succeeded(result, result.rows[0], "2", 2);
  ok(await partial(result) >= 4);
  tidy(result);
});

Deno.test("[agent_died] an agent that is killed is started again on the same machine, and its evidence is kept", async () => {
  await using stage = await stageWith({}, LONG);
  const running = run(stage);
  const { running: machine } = await measuring(stage);
  ok((machine?.kill("agent.js") ?? 0) > 0);
  const result = await running;
  const found = /Cannot finish the benchmark of qwen2:7b: the agent ended without a word/;
  equal(retried(result, { code: "agent_died", at: "benchmark", found }), 1);
  await succeeded(result, result.rows[0], "1", 1);
  ok(await partial(result) >= 5);
  tidy(result);
});

Deno.test("[machine_stopped] a machine that its provider stops is told in the provider's words, and the next host measures", async () => {
  await using stage = await stageWith({}, LONG);
  const running = run(stage);
  const machine = await measuring(stage);
  // Some of it has come home.
  await until(() => mirrored(stage.paths.runs));
  machine.state = "stopped";
  await machine.running?.[Symbol.asyncDispose]();
  const result = await running;
  const found = /Cannot go on with machine 29410501: Vast\.ai says "exited: /;
  retried(result, { code: "machine_stopped", at: "benchmark", found });
  await succeeded(result, result.rows[0], "2", 2);
  ok(await partial(result) >= 1);
  tidy(result);
});

Deno.test("[outbid] a machine that somebody bids more for is told apart from one that stopped, and the next offer measures", async () => {
  await using stage = await stageWith({}, { ...LONG, offers: { market: "interruptible" } });
  const running = run(stage);
  const machine = await measuring(stage);
  await until(() => mirrored(stage.paths.runs));
  await stage.cloud("vastai").cloud.stop(machine, "stopped");
  const result = await running;
  const found =
    /Cannot go on with machine 29410501: Vast\.ai has given it to somebody else, and says "exited: /;
  retried(result, { code: "outbid", at: "benchmark", found });
  await succeeded(result, result.rows[0], "2", 2);
  ok(await partial(result) >= 1);
  deepEqual(
    result.machines.map(({ offer: { id, market } }) => [id, market]),
    [["1", "interruptible"], ["2", "interruptible"]],
  );
  tidy(result);
});

Deno.test("[machine_vanished] a machine that its provider no longer knows is left, and what had come home is kept", async () => {
  await using stage = await stageWith({}, LONG);
  const running = run(stage);
  const machine = await measuring(stage);
  await until(() => mirrored(stage.paths.runs));
  await stage.cloud("vastai").cloud.destroy(machine);
  const result = await running;
  const found = /Cannot go on with machine 29410501: Vast\.ai no longer knows it/;
  retried(result, { code: "machine_vanished", at: "benchmark", found });
  await succeeded(result, result.rows[0], "2", 2);
  ok(await partial(result) >= 1);
  tidy(result);
});

Deno.test("[connection_lost] a machine that runs and cannot be reached for long is left, and what had come home is kept", async () => {
  await using stage = await stageWith({}, LONG);
  const running = run(stage, skipAt("no connection; the agent goes on by itself", 300));
  const { running: machine } = await measuring(stage);
  await until(() => mirrored(stage.paths.runs));
  await machine?.hangUp();
  const result = await running;
  const found = /Cannot go on with qwen2:7b: no connection for 300 s: .*refused/;
  retried(result, { code: "connection_lost", at: "benchmark", found });
  ok(result.said.some((line) => line.includes("no connection; the agent goes on by itself, trying again")));
  await succeeded(result, result.rows[0], "2", 2);
  ok(await partial(result) >= 1);
  tidy(result);
});

Deno.test("[host_key_changed] a machine that suddenly shows another host key is never talked to again", async () => {
  await using stage = await stageWith({}, LONG);
  const running = run(stage);
  const { running: machine } = await measuring(stage);
  await until(() => mirrored(stage.paths.runs));
  await machine?.restartWithNewKey();
  const result = await running;
  retried(result, {
    code: "host_key_changed",
    at: "benchmark",
    found: /Cannot connect to \S+127\.0\.0\.1:\d+: /,
  });
  await succeeded(result, result.rows[0], "2", 2);
  ok(await partial(result) >= 1);
  tidy(result);
});

Deno.test("what one entry could not finish does not touch what the others of its machine have measured", async () => {
  await using stage = await stageWith(
    { stock: OFFERS.slice(0, 1), machines: first({ engine: { cudaErrorAfter: 24 } }) },
    {
      models: ["qwen2:1.5b", "qwen2:7b"],
      workloads: [{ duration_seconds: 0.2, warmup_requests: 1, max_tokens: 8 }, {
        ...LONG.workloads[0],
        name: "long",
        least_requests: 30,
      }],
    },
  );
  const result = await run(stage);
  const succeededRows = result.rows.filter(({ status }) => status === "success");
  ok(succeededRows.length > 0 && succeededRows.length < 4, result.said.join("\n"));
  for (const row of succeededRows) {
    equal(linesOf(result, row).filter(({ event }) => event === "success").length, 1);
    ok((await evidenceOf(stage, row.raw_dir ?? "")).complete);
  }
  const others = result.rows.filter(({ status }) => status !== "success");
  deepEqual(new Set(others.map(({ failure_code }) => failure_code)), new Set(["driver_failed"]));
  tidy(result);
});

/** True once a result line lies in a folder of a run here. */
async function mirrored(runs: string): Promise<true | null> {
  for await (const { name } of Deno.readDir(runs)) {
    const work = join(runs, name, "work");
    try {
      for await (const each of Deno.readDir(work)) {
        const { size } = await Deno.stat(join(work, each.name, "results.jsonl"));
        await Deno.stat(join(work, each.name, "metadata.json"));
        if (size > 0) return true;
      }
    } catch {
      // Not yet.
    }
  }
  return null;
}
