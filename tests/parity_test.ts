// The static mirror and the live API say the same: every file of the mirror is asked of the server.
import { deepEqual, equal, ok } from "node:assert/strict";
import { join } from "node:path";
import { buildData } from "../pipeline/build/mod.ts";
import type { Paths } from "../pipeline/paths.ts";
import { ApiIndex, BenchmarkList, CheapestFile, Recommendations } from "../pipeline/schema/api.ts";
import { SloAnswer } from "../pipeline/schema/slo.ts";
import { createServer } from "../pipeline/serve/mod.ts";
import { failedRun, ORIGIN, result } from "./live.ts";
import { temporaryRoot } from "./fixtures.ts";
import { ladder } from "./ladders.ts";

const MODELS = ["qwen2:7b", "a/b&c=d?e", `<i>"x"%20#+'`, "grüße 日本 🙂", "QWEN2-7B", "unpriced"];
const GPUS = ["NVIDIA H100 80GB HBM3", "NVIDIA GeForce RTX 4090", "RTX 3090 & 100% +"];

async function fill(paths: Paths): Promise<void> {
  for (const [m, model] of MODELS.entries()) {
    for (const [g, gpu] of GPUS.entries()) {
      const price = model === "unpriced" ? null : 2.4 / (g + 1) ** 2;
      await result(paths, `${m}-${g}`, gpu, 200 - 60 * g + m, price, model);
    }
  }
}

Deno.test("every file of the mirror is what the live API answers", async () => {
  await using root = await temporaryRoot();
  const { paths, log } = root;
  await fill(paths);
  await ladder(paths, "ladder", {
    steps: [1, 4].map((level) => ({ level, ttft: 100 * level, tpot: 10 * level })),
  });
  await failedRun(paths);
  await buildData(paths, log);
  await using server = await createServer({ paths, log, accept: null, token: null });
  const read = async (path: string) => JSON.parse(await Deno.readTextFile(join(paths.api, path)));
  const ask = async (path: string, query: Record<string, string> = {}) => {
    const response = await server.fetch(
      new Request(`${ORIGIN}/api/v1/${path}?${new URLSearchParams(query)}`),
    );
    equal(response.status, 200, `${path} ${JSON.stringify(query)}`);
    return await response.json();
  };
  const { files, models, gpus, providers } = ApiIndex.parse(await read("index.json"));
  const nameOf = (family: typeof models, path: string) => {
    const named = family.find((one) => one.files.includes(path));
    ok(named, path);
    return named.name;
  };
  const same = async (path: string) => {
    const [folder = "", kind = ""] = path.split("/");
    const file = await read(path);
    if (path === "benchmarks.json") return deepEqual(await ask("benchmarks", { limit: "200" }), file, path);
    if (kind === "by-model") {
      return deepEqual(await ask("benchmarks", { model: nameOf(models, path) }), file, path);
    }
    if (kind === "by-provider") {
      return deepEqual(await ask("benchmarks", { provider: nameOf(providers, path) }), file, path);
    }
    if (kind === "by-gpu") {
      const gpu = nameOf(gpus, path);
      const { benchmarks } = BenchmarkList.parse(await ask("benchmarks", { gpu }));
      const exactly = benchmarks.filter(({ hardware }) => hardware.gpu === gpu);
      return deepEqual({ benchmarks: exactly, count: exactly.length }, file, path);
    }
    if (folder === "benchmarks") return deepEqual(await ask(path.replace(/\.json$/, "")), file, path);
    if (folder === "runs") return deepEqual(await ask(`runs/${encodeURIComponent(file.run_id)}`), file, path);
    if (kind === "") return deepEqual(await ask(path.replace(/\.json$/, "")), file, path);
    const model = nameOf(models, path);
    if (folder === "slo") {
      const { limits } = SloAnswer.parse(file);
      deepEqual(await ask("slo", { model }), file, path);
      for (const each of limits) {
        const { limits: [live] } = await ask("slo", { model, tier: each.tier ?? "" });
        deepEqual(live, each, `${path} at ${each.tier}`);
      }
      return;
    }
    if (folder === "recommendations") {
      const { recommendations } = Recommendations.parse(file);
      const perDollar = ({ tokens_per_dollar }: typeof recommendations[number]) => tokens_per_dollar ?? -1;
      const live = Recommendations.parse(await ask("benchmarks/recommendations", { model, by: "dollars" }));
      deepEqual(live.recommendations, recommendations.toSorted((a, b) => perDollar(b) - perDollar(a)), path);
    }
    if (folder !== "cheapest") return deepEqual(await ask(`benchmarks/${folder}`, { model }), file, path);
    const { frontier, ...answer } = CheapestFile.parse(file);
    deepEqual(await ask("benchmarks/cheapest", { model }), answer, path);
    for (const { min_tps, id } of frontier) {
      const live = await ask("benchmarks/cheapest", { model, min_tps: String(min_tps) });
      equal(live.benchmark.id, id, `${path} at ${min_tps}`);
    }
  };
  for (const { path } of files) await same(path);
  const folders = new Set(files.map(({ path }) => path.split("/").slice(0, -1).join("/")));
  deepEqual([...folders].sort(), [
    "",
    "benchmarks",
    "benchmarks/by-gpu",
    "benchmarks/by-model",
    "benchmarks/by-provider",
    "best",
    "cheapest",
    "compare",
    "pareto",
    "recommendations",
    "runs",
    "slo",
  ]);
  equal(files.length, 1 + 20 + 6 + 3 + 1 + 6 * 6 - 2 + 5 + 1);
});
