// The matrix of vLLM that comes with the almanac, planned and run to its end on the simulated clouds, with short windows.
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { join } from "node:path";
import type { BenchmarkList } from "../../pipeline/schema/api.ts";
import { temporaryRoot } from "../fixtures.ts";
import { cli } from "./cli.ts";

/** The shipped matrix for the simulated clouds; its windows are over at once. */
async function rehearsal(folder: string): Promise<string> {
  const { tests, ...matrix } = JSON.parse(await Deno.readTextFile("runs/vllm.json"));
  for (const { workloads } of tests) {
    for (const workload of workloads) {
      Object.assign(workload, { duration_seconds: 0.5, warmup_requests: 1, repeat_first: false });
      workload.prompts.output_tokens = 16;
    }
  }
  const path = join(folder, "vllm.json");
  await Deno.writeTextFile(path, JSON.stringify({ ...matrix, simulated: true, tests }));
  return path;
}

Deno.test("the matrix of vLLM is planned, and runs to its end on machines with one, two and four GPUs, a gated model and a bid included", async () => {
  await using root = await temporaryRoot();
  const { paths } = root;
  const matrix = await rehearsal(paths.root);
  const { tests } = JSON.parse(await Deno.readTextFile(matrix));
  const entries = tests.reduce(
    (sum: number, { providers }: { providers: string[] }) => sum + providers.length,
    0,
  );
  const planned = await cli("plan", matrix, "--root", paths.root);
  equal(planned.code, 0, planned.err);
  match(planned.out, new RegExp(`leases for ${entries} entries: about \\$`));
  match(planned.out, /│ vastai-2x-rtx-4090-2 +│ +1 │ Iceland, IS │ +0\.4/, "a bid is cheaper");
  const { code, out, err } = await cli("run-matrix", matrix, "--root", paths.root);
  equal(code, 0, `${out}${err}`);
  const { benchmarks }: BenchmarkList = JSON.parse(
    await Deno.readTextFile(join(paths.api, "benchmarks.json")),
  );
  equal(benchmarks.length, 3 * entries);
  deepEqual(new Set(benchmarks.map(({ origin }) => origin)), new Set(["simulated"]));
  const levels = benchmarks.map(({ test_config }) => test_config.concurrent_reqs);
  deepEqual(new Set(levels), new Set([1, 8, 32]));
  const counts = benchmarks.map(({ hardware }) => hardware.gpu_count);
  deepEqual(new Set(counts), new Set([1, 2, 4]));
  for (const { hardware: { gpu_count }, gpu_stats: { avg_power_draw_w } } of benchmarks) {
    ok((avg_power_draw_w ?? 0) > 200 * (gpu_count ?? 0), `${avg_power_draw_w} W of ${gpu_count} GPUs`);
  }
});
