// Reasons that the first two minutes on a machine show: each is provoked on a simulated machine, and another host is tried.
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { join } from "node:path";
import { Canary } from "../../pipeline/schema/canary.ts";
import { serverProgram } from "../fakes/server_machine.ts";
import { type Ended, ended, first, givesUp, retried, run, stageWith, succeeded, tidy } from "./trial.ts";

/** The canaries that the machines' journal tells, oldest first. */
function canaries({ machines }: Ended): (Canary | null)[] {
  return machines.map(({ canary }) => canary);
}

function finding(canary: Canary | null | undefined, check: string) {
  return canary?.findings.find((each) => each.check === check);
}

Deno.test("[power_too_low] a card that its host has cut to a third of its power is given back, and what was seen is kept", async () => {
  const found = /its GPU may draw 150 W of 450, less than 70 %/;
  const result = await givesUp({ powerLimitW: 150 }, { code: "power_too_low", at: "setup", found });
  const refused = result.machines.filter(({ offer }) => offer.id !== "2");
  equal(refused.length, 2);
  for (const { canary, events } of refused) {
    equal(canary?.refused, "power_too_low");
    match(canary?.reason ?? "", found);
    deepEqual([canary?.power_limit_w, canary?.power_default_limit_w], [150, 450]);
    equal(finding(canary, "decode_speed")?.verdict, "passed");
    // Refused before anything of the work was loaded.
    ok(!events.some((event) => event.event === "work" && event.phase === "load"));
  }
});

Deno.test("[memory_too_slow] a card that reads its memory at a tenth of its speed is told with the least that such a GPU gives", async () => {
  const found = /qwen2:1\.5b runs at 65 tokens\/s, and such a GPU gives at least 127/;
  const result = await givesUp(
    { engine: { bandwidth_gb_s: 101 } },
    { code: "memory_too_slow", at: "setup", found },
  );
  equal(Math.round(canaries(result)[0]?.memory_bandwidth_gb_s ?? 0), 61);
});

Deno.test("[memory_too_slow] cards below 70 % of the median of three hosts of earlier runs are given back", async () => {
  await using stage = await stageWith({});
  const before = await run(stage);
  await succeeded(before, before.rows[0], "1", 1);
  const usual = canaries(before)[0]?.tokens_per_second ?? 0;
  const book = await Deno.readTextFile(join(stage.paths.runs, before.outcome.run_id, "machines.jsonl"));
  for (const [n, factor] of [1.5, 1.6, 9].entries()) {
    const folder = join(stage.paths.runs, `20261101-000000-000${n}`);
    await Deno.mkdir(folder, { recursive: true });
    await Deno.writeTextFile(
      join(folder, "machines.jsonl"),
      book.replaceAll('"host":"1"', `"host":"other ${n}"`)
        .replace(/"tokens_per_second":[\d.]+/, `"tokens_per_second":${factor * usual}`),
    );
  }
  const after = await run(stage);
  const least = Math.round(0.7 * 1.55 * usual);
  const found = new RegExp(`runs at ${usual.toFixed(0)} tokens/s, and such a GPU gives at least ${least}`);
  ended(after, after.rows[0], { code: "memory_too_slow", at: "setup", found });
  equal(after.machines.length, 2);
  tidy(after);
});

Deno.test("[gpu_memory_spilled] an engine that puts part of a small model beside the GPU is not measured", async () => {
  const found = /only 40 % of qwen2:1\.5b lies in GPU memory/;
  await givesUp({ engine: { smallInVram: 0.4 } }, { code: "gpu_memory_spilled", at: "setup", found });
});

Deno.test("[download_too_slow] a line by which the models would come too late is given back after two minutes, with its speed", async () => {
  const found = /it downloads [\d.]+ Mbit\/s, and at less than [\d.]+ the models do not come in time/;
  const result = await givesUp(
    { engine: { pull_gb_s: 0.06 } },
    { code: "download_too_slow", at: "setup", found },
  );
  const [slow] = canaries(result);
  // The model did not come whole, so nothing but the line is judged.
  ok((slow?.downloaded_bytes ?? 0) > 0 && (slow?.downloaded_bytes ?? 0) < 935_000_000);
  deepEqual([slow?.tokens_per_second, finding(slow, "gpu_memory")?.verdict], [null, "not_measured"]);
});

Deno.test("a good machine is looked at once, for all its models, and canary.json lies sealed in each evidence", async () => {
  await using stage = await stageWith({ machines: first({ powerLimitW: 400, pcieWidth: 1 }) }, {
    models: ["qwen2:7b", "phi3:mini"],
  });
  const result = await run(stage);
  for (const row of result.rows) await succeeded(result, row, "1", 1);
  equal(result.machines[0]?.events.filter(({ event }) => event === "canary").length, 1);
  equal(result.said.filter((line) => line.endsWith("pulling qwen2:1.5b")).length, 1);
  const [canary] = canaries(result);
  deepEqual([canary?.refused, canary?.reason], [null, null]);
  // A limit a little lower and a narrow link are noted, and no reason to go.
  deepEqual(
    canary?.findings.map(({ check, verdict }) => [check, verdict]),
    [
      ["power_limit", "noted"],
      ["gpu_memory", "passed"],
      ["decode_speed", "passed"],
      ["download", "passed"],
      ["pcie_link", "noted"],
    ],
  );
  for (const { raw_dir } of result.rows) {
    const text = await Deno.readTextFile(join(stage.paths.raw, raw_dir ?? "", "canary.json"));
    deepEqual(Canary.parse(JSON.parse(text)), canary);
    const seal = await Deno.readTextFile(join(stage.paths.raw, raw_dir ?? "", "provenance.json"));
    match(seal, /"canary\.json"/);
  }
  tidy(result);
});

Deno.test("a library that does not send the small model is no reason to refuse a machine", async () => {
  await using stage = await stageWith({
    machines: () => ({ engine: { unknownModels: ["qwen2:1.5b"] } }),
  });
  const result = await run(stage);
  await succeeded(result, result.rows[0], "1", 1);
  const [canary] = canaries(result);
  deepEqual([canary?.tokens_per_second, canary?.refused, canary?.power_limit_w], [null, null, 450]);
  match(result.said.join("\n"), /canary: Cannot pull qwen2:1\.5b: .*file does not exist/);
  tidy(result);
});

Deno.test("[power_too_low] an engine without a small model decodes with the work's own, once that is loaded", async () => {
  const image = Object.fromEntries([serverProgram("vllm", {})]);
  await using stage = await stageWith({
    machines: (n) => ({ image, ...(n === 1 ? { powerLimitW: 100 } : {}) }),
  }, { engines: ["vllm"], models: ["Qwen/Qwen2.5-0.5B-Instruct"] });
  const result = await run(stage);
  await succeeded(result, result.rows[0], "2", 2);
  equal(retried(result, { code: "power_too_low", at: "load", found: /100 W of 450/ }), 1);
  for (const canary of canaries(result)) {
    equal(canary?.model, "Qwen/Qwen2.5-0.5B-Instruct");
    ok((canary?.tokens_per_second ?? 0) > 0);
    equal(canary?.downloaded_bytes, null);
  }
  tidy(result);
});
