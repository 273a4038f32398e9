// Reasons that show while evidence comes home.
import { equal, ok } from "node:assert/strict";
import { join } from "node:path";
import { ended, first, OFFERS, retried, run, stageWith, succeeded, tidy } from "./trial.ts";

Deno.test("[no_results] an agent that ends well without a result is run once more on the same machine", async () => {
  await using stage = await stageWith({ machines: first({ idleAgent: 1 }) });
  const result = await run(stage);
  retried(result, { code: "no_results", at: "collect", found: /the agent left no result line/ });
  await succeeded(result, result.rows[0], "1", 1);
  tidy(result);
});

Deno.test("[no_results] an agent that never leaves a result ends the entry, after another host was tried", async () => {
  await using stage = await stageWith({ machines: () => ({ idleAgent: -1 }) });
  const result = await run(stage);
  const found = /Cannot collect vastai-\S+: the agent left no result line/;
  ended(result, result.rows[0], { code: "no_results", at: "collect", found });
  equal(result.machines.length, 2);
  equal(result.rows[0]?.raw_dir, null);
  tidy(result);
});

Deno.test("a file that arrives damaged is fetched again, and nothing fails", async () => {
  await using stage = await stageWith({ machines: first({ damaged: 2 }) });
  const result = await run(stage);
  await succeeded(result, result.rows[0], "1", 1);
  ok(!result.lines.some(({ event }) => event === "retry"));
  tidy(result);
});

Deno.test("[collect_failed] evidence that never arrives as it lies there is measured again, and is no result", async () => {
  await using stage = await stageWith({ stock: OFFERS.slice(0, 1), machines: () => ({ damaged: -1 }) });
  const result = await run(stage);
  const found = /Cannot fetch \S+metadata\.json from \S+: it differs here and there/;
  ended(result, result.rows[0], { code: "collect_failed", at: "collect", found });
  equal(result.said.filter((line) => line.includes("trying again: collect_failed")).length, 2);
  ok(!result.lines.some(({ event }) => event === "success"));
  const { run_id, entry_id } = result.rows[0] ?? {};
  const work = join(stage.paths.runs, run_id ?? "", "work", entry_id ?? "");
  ok((await Deno.stat(join(work, "results.jsonl"))).size > 0);
  tidy(result);
});

Deno.test("[collect_failed] evidence that arrives at a later try is a result", async () => {
  await using stage = await stageWith({ machines: first({ damaged: -1 }) });
  const result = await run(stage, {
    line: (line) => {
      if (!line.includes("trying again: collect_failed")) return;
      const [machine] = stage.cloud("vastai").cloud.present();
      Deno.removeSync(join(machine?.running?.home ?? "", "..", "bin", "tail"));
    },
  });
  retried(result, { code: "collect_failed", at: "collect", found: /it differs here and there/ });
  await succeeded(result, result.rows[0], "1", 1);
  tidy(result);
});
