// Whether a model fits: the plan, which rents by it, and the tables, which publish it, must say the same.
import { deepEqual, equal, ok } from "node:assert/strict";
import { readCatalog } from "../pipeline/lib/catalog.ts";
import { Database } from "../pipeline/lib/duckdb.ts";
import { pathsOf } from "../pipeline/paths.ts";
import { fitOf, sizeGb } from "../pipeline/plan/fit.ts";
import { kvBytesPerToken } from "../pipeline/schema/model_facts.ts";
import { admit, objectToSize } from "../pipeline/plan/plan.ts";
import { EngineChoice } from "../pipeline/schema/matrix.ts";
import { type ModelFacts, nothingKnown } from "../pipeline/schema/model_facts.ts";
import { entry } from "./fixtures.ts";
import { catalogOf, rentedEntry } from "./rented_fixtures.ts";

const catalog = await readCatalog(pathsOf(undefined));
const catalogGpu = (name: string) => catalog.gpus.find((gpu) => gpu.name === name);

Deno.test("plan and SQL find the same size, key-value bytes and need for every model on every GPU", async () => {
  using db = await Database.inMemory();
  await db.set("gpus", JSON.stringify(catalog.gpus));
  await db.set("models", JSON.stringify(catalog.models));
  await db.runFile("13_catalog.sql");
  await db.runFile("14_fit.sql");
  let compared = 0;
  for (const [context_tokens, concurrency] of [[2048, [1]], [8192, [1, 16, 4]], [1_048_576, [64]]] as const) {
    const rows = await db.rows(
      `SELECT m.name AS model, g.name AS gpu, g.memory_gib AS available_gib, m.size_gb, m.kv_bytes_per_token::DOUBLE AS kv,
         needed_gib(m.size_gb, m.kv_bytes_per_token, $tokens) AS needed_gib
       FROM models m CROSS JOIN gpus g`,
      { tokens: context_tokens * Math.max(...concurrency) },
    );
    for (const { model, gpu, available_gib, size_gb, kv, needed_gib } of rows) {
      const workload = { context_tokens, concurrency: [...concurrency] };
      const fit = fitOf(entry("e", { model: String(model), gpu: String(gpu), workload }), catalog);
      deepEqual(fit, { needed_gib, available_gib }, `${model} on ${gpu}`);
      equal(sizeGb(String(model), catalog), size_gb);
      equal(catalog.models.filter(({ name }) => name === model).map(kvBytesPerToken)[0], kv);
      compared++;
    }
  }
  equal(compared, 3 * catalog.models.length * catalog.gpus.length);
  ok(compared > 600);
});

Deno.test("a model needs its weights, keys and values of its context, and 1 GiB", () => {
  const small = catalogOf({ m: 4.294967296 });
  const workload = { context_tokens: 8192, concurrency: [1] };
  // 2 x 32 layers x 8 heads x 128 numbers x 2 bytes = 128 KiB a token.
  deepEqual(fitOf(rentedEntry("e", { workload }), small), { needed_gib: 4 + 1 + 1, available_gib: 24 });
});

Deno.test("keys and values are counted for the highest concurrency of the list, wherever it stands", () => {
  const small = catalogOf({ m: 4.294967296 });
  const needed = (concurrency: number[]) =>
    fitOf(rentedEntry("e", { workload: { context_tokens: 8192, concurrency } }), small)?.needed_gib;
  deepEqual([needed([1]), needed([1, 8, 4]), needed([8])], [6, 13, 13]);
});

Deno.test("several GPUs have their memory together", () => {
  equal(fitOf(rentedEntry("e", { gpu_count: 4 }), catalogOf({ m: 1 }))?.available_gib, 96);
});

Deno.test("nothing is said of a model or GPU that the catalogue lacks, or of a size it does not tell", () => {
  const known = catalogOf({ m: 1 });
  equal(fitOf(rentedEntry("e", { model: "other" }), known), null);
  equal(fitOf(rentedEntry("e", { gpu: "any" }), known), null);
  equal(fitOf(rentedEntry("e", { gpu: "RTX 9999" }), known), null);
  const without = { ...known, models: known.models.map((model) => ({ ...model, sizes_gb: { F16: 2 } })) };
  equal(fitOf(rentedEntry("e"), without), null);
  equal(sizeGb("m", without), null);
});

Deno.test("a model that is known to be too large is left out with both figures; one of unknown size is tried", () => {
  const entries = [
    rentedEntry("large", { model: "deepseek-r1:70b" }),
    rentedEntry("two", { model: "deepseek-r1:70b", gpu_count: 2 }),
    rentedEntry("fits", { model: "deepseek-r1:32b" }),
    rentedEntry("wide", { model: "deepseek-r1:32b", workload: { concurrency: [1, 32] } }),
    rentedEntry("unknown", { model: "somebody/else:70b" }),
    rentedEntry("any", { model: "deepseek-r1:70b", gpu: "any" }),
  ];
  const { entries: admitted, left } = admit(entries, [objectToSize(catalog)]);
  deepEqual(admitted.map(({ id }) => id), ["two", "fits", "unknown", "any"]);
  deepEqual(left.map(({ entry: { id }, code }) => [id, code]), [["large", "does_not_fit"], [
    "wide",
    "does_not_fit",
  ]]);
  equal(
    left[0]?.reason,
    "deepseek-r1:70b needs 41.2 GiB with its context, RTX 4090 has 24.0 GiB",
  );
});

Deno.test("a model that needs exactly what there is fits, and a byte more does not", () => {
  const memory_gib = catalogGpu("RTX 4090")?.memory_gib ?? 0;
  const workload = { context_tokens: 8192, concurrency: [1] };
  const left = (bytes: number) =>
    admit([rentedEntry("e", { workload })], [
      objectToSize(catalogOf({ m: ((memory_gib - 2) * 2 ** 30 + bytes) / 1e9 })),
    ]).left.length;
  deepEqual([left(0), left(1024)], [0, 1]);
});

const facts = (changes: Partial<ModelFacts> = {}): ModelFacts => ({
  ...nothingKnown("a/b", "hub", null),
  weights_gb: 4.294967296,
  download_gb: 6,
  kv_bytes_per_token: 131_072,
  source: "hub",
  ...changes,
});
const told = (changes: Partial<ModelFacts> = {}) => ({ ...catalogOf({ m: 1 }), facts: [facts(changes)] });
const vllm = (flags: string[] = []) =>
  EngineChoice.parse({ name: "vllm", ...(flags.length > 0 ? { flags } : {}) });
const asked = (engine: EngineChoice) =>
  rentedEntry("e", { model: "a/b", engine, workload: { context_tokens: 8192, concurrency: [1, 16] } });

Deno.test("a model that the catalogue lacks needs what was found out about it, one that it has what it says there", () => {
  deepEqual(fitOf(asked(vllm()), told()), { needed_gib: 4 + 1 + 1, available_gib: 24 });
  deepEqual(fitOf(asked(EngineChoice.parse({ name: "llama.cpp" })), told())?.needed_gib, 4 + 16 + 1);
  equal(fitOf(asked(vllm()), told({ kv_bytes_per_token: null }))?.needed_gib, 4 + 1);
  equal(fitOf(asked(vllm()), told({ weights_gb: null })), null);
  equal(fitOf(asked(vllm()), told({ library: "ollama" })), null);
  const known = { ...catalogOf({ "a/b": 8.589934592 }), facts: [facts()] };
  equal(fitOf(asked(vllm()), known)?.needed_gib, 8 + 1 + 1);
  deepEqual([sizeGb("a/b", known), sizeGb("a/b", told()), sizeGb("a/b", told({ download_gb: null }))], [
    8.589934592,
    6,
    4.294967296,
  ]);
});

Deno.test("flags that change the weights leave nothing to reckon with, flags that change the context leave the weights", () => {
  const needed = (...flags: string[]) => fitOf(asked(vllm(flags)), told())?.needed_gib;
  equal(needed("--gpu-memory-utilization", "0.95"), 6);
  for (const flags of [["--quantization", "fp8"], ["--quantization=fp8"], ["--cpu-offload-gb", "10"]]) {
    equal(needed(...flags), undefined, flags.join(" "));
  }
  for (const flags of [["--kv-cache-dtype", "fp8"], ["--max-model-len=1024"]]) equal(needed(...flags), 5);
});
