// What is kept when something goes wrong, and what it says of itself.
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { join } from "node:path";
import { buildData } from "../../pipeline/build/mod.ts";
import { gpuLineFault, readGpuHeader } from "../../pipeline/schema/evidence.ts";
import { stockOf } from "../cloud/stock.ts";
import { setStage } from "../faults/stage.ts";
import { ENOUGH, evidenceOf, first, keptOf, LONG, run, stageWith, succeeded, tidy } from "./trial.ts";

interface Published {
  readonly id: string;
  readonly origin: string;
  readonly verdicts: readonly { readonly code: string }[];
  readonly results: { readonly total_requests: number };
}

Deno.test("what a benchmark measured before it failed is sealed, marked as interrupted, and published beside the result", async () => {
  await using stage = await stageWith({ machines: first({ engine: { cudaErrorAfter: 8 } }) }, ENOUGH);
  const result = await run(stage);
  await succeeded(result, result.rows[0], "2", 2);
  const partial = await evidenceOf(stage, keptOf(result));
  for (const { name, bytes } of partial.provenance.files) {
    equal((await Deno.stat(join(stage.paths.raw, keptOf(result), name))).size, bytes);
  }
  await buildData(stage.paths, { info: () => undefined, warn: () => undefined });
  const { benchmarks }: { benchmarks: Published[] } = JSON.parse(
    await Deno.readTextFile(join(stage.paths.api, "benchmarks.json")),
  );
  const mine = benchmarks.filter(({ origin }) => origin === "simulated");
  const marked = mine.map(({ verdicts }) => verdicts.some(({ code }) => code === "interrupted"));
  deepEqual(marked.sort(), [false, true]);
  tidy(result);
});

Deno.test("a machine whose clock is five minutes ahead gives right results, and says so", async () => {
  await using stage = await setStage({
    clouds: { lambda: { stock: [stockOf("i", "RTX 4090")], machines: () => ({ clockAhead: 300 }) } },
    tests: [{ ...LONG, providers: ["lambda"] }],
  });
  const result = await run(stage);
  await succeeded(result, result.rows[0], result.machines[0]?.offer.id ?? "", 1);
  match(result.said.join("\n"), /the machine's clock is (299|300|301) s ahead/);
  const raw_dir = result.rows[0]?.raw_dir ?? "";
  const { provenance, metadata } = await evidenceOf(stage, raw_dir);
  ok(Math.abs((provenance.rental?.clock_ahead_seconds ?? 0) - 300) <= 1);
  // Its own times are kept as they are, and belong together: results and telemetry by the same clock.
  ok(Date.parse(metadata.started_at) - Date.parse(provenance.collected_at) > 200_000);
  const text = await Deno.readTextFile(join(stage.paths.raw, raw_dir, "gpu.csv"));
  const [header = "", ...gpu] = text.trim().split("\n");
  const { columns } = readGpuHeader(header);
  ok(gpu.length > 0 && gpu.every((line) => gpuLineFault(line, columns) === null));
  await buildData(stage.paths, { info: () => undefined, warn: () => undefined });
  const { benchmarks } = JSON.parse(
    await Deno.readTextFile(join(stage.paths.api, "benchmarks.json")),
  );
  const [mine] = benchmarks.filter(({ origin }: Published) => origin === "simulated");
  equal(mine.gpu_stats.max_utilization_pct, 96);
  ok(Math.abs(mine.results.avg_tokens_per_second - 137) < 30, mine.results.avg_tokens_per_second);
  equal(result.machines[0]?.end?.code, "done");
  tidy(result);
});

Deno.test("an entry that is measured again leaves every try in a folder of its own, each sealed once", async () => {
  await using stage = await stageWith({ machines: first({ engine: { diesAfter: 4 } }) }, ENOUGH);
  const result = await run(stage);
  await succeeded(result, result.rows[0], "2", 2);
  const { run_id, entry_id } = result.rows[0] ?? {};
  const folders = (await Array.fromAsync(Deno.readDir(join(stage.paths.raw, run_id ?? "")))).map(({ name }) =>
    name
  );
  deepEqual(folders.sort(), [`${entry_id}`, `${entry_id}-retry2`, `${entry_id}-retry3`]);
  const seals = await Promise.all(folders.map((name) => evidenceOf(stage, `${run_id}/${name}`)));
  equal(new Set(seals.map(({ provenance }) => provenance.evidence_id)).size, 3);
  deepEqual(seals.map(({ complete }) => complete).sort(), [false, false, true]);
  tidy(result);
});
