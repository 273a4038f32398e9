// What is sent back to the almanac: its own answers, answers of typed clients, and keys of other tools; and that typed clients read it.
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { buildData } from "../pipeline/build/mod.ts";
import { readCatalog } from "../pipeline/lib/catalog.ts";
import { ApiError, BenchmarkDetail, BenchmarkList, Taken } from "../pipeline/schema/api.ts";
import type { BenchmarkResult } from "../pipeline/schema/benchmark.ts";
import { ENDPOINTS } from "../pipeline/schema/endpoints.ts";
import { EXAMPLE, SUBMISSION_EXAMPLE } from "../pipeline/schema/example.ts";
import { openApiDocument } from "../pipeline/schema/openapi.ts";
import { createServer } from "../pipeline/serve/mod.ts";
import { readGiven, saysTheSame } from "../pipeline/summaries/given.ts";
import { answeredBy, checkSubmission, Submissions } from "../pipeline/summaries/submit.ts";
import { ORIGIN, result } from "./live.ts";
import { temporaryRoot } from "./fixtures.ts";

const NOW = new Date("2026-12-01T00:00:00Z");
const { path } = ENDPOINTS.list;

/** The server over the results that are published with the almanac, a measured one and one on a processor. */
async function serving(
  work: (ask: (path: string, init?: RequestInit) => Promise<Response>) => Promise<void>,
) {
  await using root = await temporaryRoot();
  const { paths, log } = root;
  await Deno.remove(`${paths.root}/data/published`);
  await result(paths, "measured", "NVIDIA GeForce RTX 4090", 120, 0.4);
  await result(paths, "unknown", "Some Processor (CPU)", 12, null, "of-no-known-size");
  await buildData(paths, log);
  const submissions = new Submissions(
    paths.submitted,
    await readCatalog(paths),
    { clock: () => NOW, answered: answeredBy(paths.database) },
  );
  let turns = 0;
  await using server = await createServer({
    paths,
    log,
    token: "t",
    accept: (body) => submissions.accept(body),
    now: () => 60_000 * turns++,
  });
  await work(async (path, init) => await server.fetch(new Request(`${ORIGIN}${path}`, init)));
}

function posting(body: unknown): RequestInit {
  const headers = { authorization: "Bearer t", "content-type": "application/json" };
  return { method: "POST", headers, body: JSON.stringify(body) };
}

Deno.test("every benchmark that GET lists can be POSTed back, as it is listed and as it stands at its address, and is not doubled", () =>
  serving(async (ask) => {
    const list = BenchmarkList.parse(await (await ask(`${path}?limit=200`)).json());
    equal(list.count, 25);
    for (const benchmark of list.benchmarks) {
      const detail = BenchmarkDetail.parse(await (await ask(`${path}/${benchmark.id}`)).json());
      for (const body of [benchmark, detail]) {
        const response = await ask(path, posting(body));
        equal(response.status, 200, `${benchmark.id}: ${JSON.stringify(await response.clone().json())}`);
        deepEqual(Taken.parse(await response.json()).benchmark, benchmark);
      }
    }
    equal(BenchmarkList.parse(await (await ask(`${path}?limit=200`)).json()).count, 25);
  }));

Deno.test("a benchmark that was changed is a new one, and judged as such", () =>
  serving(async (ask) => {
    const list = BenchmarkList.parse(await (await ask(`${path}?model=qwen2:7b&gpu=5090`)).json());
    const [benchmark] = list.benchmarks;
    ok(benchmark !== undefined);
    const changed = { ...benchmark, results: { ...benchmark.results, avg_tokens_per_second: 300 } };
    const taken = await ask(path, posting(changed));
    equal(taken.status, 201);
    const { benchmark: added, ignored } = Taken.parse(await taken.json());
    deepEqual([added.origin, added.results.avg_tokens_per_second, ignored], ["submitted", 300, []]);
    const much = { ...benchmark, results: { ...benchmark.results, avg_tokens_per_second: 30_000 } };
    const refused = await ask(path, posting(much));
    equal(refused.status, 400);
    match(ApiError.parse(await refused.json()).error, /results\.avg_tokens_per_second: it is 30000, but/);
  }));

Deno.test("another almanac takes what this one answers, with the same figures", async () => {
  await using root = await temporaryRoot();
  const catalog = await readCatalog(root.paths);
  await serving(async (ask) => {
    const { benchmarks } = BenchmarkList.parse(await (await ask(`${path}?limit=200`)).json());
    const elsewhere = new Submissions(root.paths.submitted, catalog, { clock: () => NOW });
    const published = benchmarks.filter(({ origin }) => origin === "published");
    equal(published.length, 23);
    const figures = (
      { hardware, model, results, test_config, price_per_hour, timestamp }: BenchmarkResult,
    ) => ({ hardware, model, results, test_config, price_per_hour, timestamp });
    for (const benchmark of published) {
      const submitted = await elsewhere.accept(benchmark);
      ok("answer" in submitted, JSON.stringify(submitted));
      equal(submitted.added, true);
      deepEqual(figures(submitted.answer.benchmark), figures(benchmark));
    }
  });
});

const catalogued = await (async () => {
  await using root = await temporaryRoot();
  return await readCatalog(root.paths);
})();
const faultsOf = (body: unknown) => {
  const checked = checkSubmission(body, catalogued, NOW);
  return "faults" in checked ? checked.faults : [];
};

Deno.test("keys of the ancestor and of others are ignored and named, a count of parameters may have a unit", () => {
  const body = {
    ...SUBMISSION_EXAMPLE,
    session_id: "s-1",
    full_result_json: "{}",
    constructor: "x",
    model: { ...SUBMISSION_EXAMPLE.model, parameter_count: "14.8B", tokenizer: "x" },
    results: { ...SUBMISSION_EXAMPLE.results, match_rate: 0.98 },
  };
  deepEqual(readGiven(body).ignored, [
    "model.tokenizer",
    "results.match_rate",
    "session_id",
    "full_result_json",
    "constructor",
  ]);
  const checked = checkSubmission(body, catalogued, NOW);
  ok("line" in checked, JSON.stringify(checked));
  equal(checked.line.submission.model.parameter_count, 14.8e9);
  for (
    const [text, count] of [["7.6B", 7.6e9], ["494M", 494e6], ["1.5 b", 1.5e9], [
      "8030261248",
      8030261248,
    ]] as const
  ) {
    const { body } = readGiven({ model: { parameter_count: text } });
    deepEqual(body, { model: { parameter_count: count } }, text);
  }
});

Deno.test("a known key that is written wrongly, or has a wrong value, is refused by name", () => {
  for (
    const [more, words] of [
      [{ price_per_hr: 0.2 }, /^unknown key "price_per_hr", known: price_per_hour, /],
      [{ Provder: "x" }, /^unknown key "Provder", known: provider, /],
      [
        { results: { ...SUBMISSION_EXAMPLE.results, avg_token_per_second: 9 } },
        /^results: unknown key "avg_tok/,
      ],
      [
        { model: { ...SUBMISSION_EXAMPLE.model, parameter_count: "many" } },
        /^model\.parameter_count: it is "many"/,
      ],
      [
        { hardware: { gpu_name: "RTX 4090", gpu_count: 1.5 } },
        /^hardware\.gpu_count: it is 1\.5, it must be a w/,
      ],
      [{ location: 5 }, /^location: it is 5, it must be a text/],
    ] as const
  ) {
    match(faultsOf({ ...SUBMISSION_EXAMPLE, ...more })[0] ?? "", words);
  }
});

Deno.test("what is kept out of rankings here cannot be ranked elsewhere by sending it there", () => {
  const { benchmark } = EXAMPLE;
  const fatal = { code: "token_mismatch", severity: "fatal", value: 9, limit: 1, unit: "%" };
  const open = { ...benchmark.test_config, arrival: "poisson", concurrent_reqs: null, request_rate: 2 };
  for (
    const [more, words] of [
      [{ origin: "simulated" }, /^origin: it is "simulated", which is never ranked/],
      [{ origin: "imported" }, /^origin: it is "imported"/],
      [{ verdicts: [fatal] }, /^verdicts: token_mismatch is fatal/],
      [{ test_config: open }, /^test_config\.arrival: it is "poisson", only closed loops/],
    ] as const
  ) {
    match(faultsOf({ ...benchmark, ...more })[0] ?? "", words);
  }
  deepEqual(faultsOf(benchmark), []);
});

Deno.test("a typed client that sends nothing as 0, as an empty text or not at all says the same; other figures say another thing", () => {
  const { benchmark } = EXAMPLE;
  const { client: _, gpu_stats: __, ...fewer } = benchmark;
  ok(saysTheSame({ ...fewer, location: "", hardware: { ...benchmark.hardware, cpu_cores: 0 } }, benchmark));
  ok(!saysTheSame({ ...fewer, price_per_hour: 0.17 }, benchmark));
  ok(!saysTheSame({ ...fewer, location: "US" }, benchmark));
});

/** Keys that the specification's clients hold in integers. */
const WHOLE = [
  ...["gpu_memory_mib", "gpu_count", "cpu_cores", "ram_gib"].map((key) => `hardware.${key}`),
  ...["duration_minutes", "max_tokens", "concurrent_reqs", "warmup_requests"].map((key) =>
    `test_config.${key}`
  ),
  ...["total_requests", "total_tokens", "total_prompt_tokens", "total_errors"].map((key) => `results.${key}`),
  ...["avg_memory_used_mib", "max_memory_used_mib"].map((key) => `gpu_stats.${key}`),
];

interface JsonSchema {
  readonly type?: string;
  readonly anyOf?: readonly JsonSchema[];
  readonly $ref?: string;
  readonly items?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
}

Deno.test("what the specification counts in whole numbers is an integer in the API's description", () => {
  const { components: { schemas } } = openApiDocument() as {
    components: { schemas: Record<string, JsonSchema> };
  };
  const resolved = (schema: JsonSchema | undefined): JsonSchema | undefined =>
    schema?.$ref === undefined ? schema : schemas[schema.$ref.split("/").at(-1) ?? ""];
  const at = (name: string, path: string) =>
    path.split(".").reduce<JsonSchema | undefined>((inner, key) => {
      const here = resolved(inner);
      return (here?.items === undefined ? here : resolved(here.items))?.properties?.[key];
    }, schemas[name]);
  const types = (schema: JsonSchema | undefined) =>
    [schema?.type, ...(schema?.anyOf ?? []).map(({ type }) => type)].filter((type) => type !== undefined)
      .sort();
  for (const path of WHOLE) deepEqual(types(at("BenchmarkResult", path)), ["integer", "null"], path);
  deepEqual(types(at("Recommendations", "recommendations.min_vram_gib")), ["integer", "null"]);
  for (const name of ["BenchmarkList", "Recommendations"]) deepEqual(types(at(name, "count")), ["integer"]);
});

Deno.test("evidence in fractions is answered in whole numbers, and the exact window stands beside", async () => {
  await using root = await temporaryRoot();
  const body = {
    ...SUBMISSION_EXAMPLE,
    hardware: { gpu_name: "RTX 4090", gpu_memory_mib: 24_563.9, ram_gib: 251.6 },
    test_config: { duration_minutes: 0.25, concurrent_reqs: 1 },
    gpu_stats: { avg_memory_used_mib: 20_000.4, max_memory_used_mib: 20_001.5 },
  };
  const submitted = await new Submissions(root.paths.submitted, catalogued, { clock: () => NOW }).accept(
    body,
  );
  ok("answer" in submitted, JSON.stringify(submitted));
  const { hardware, test_config, gpu_stats } = submitted.answer.benchmark;
  deepEqual(
    [hardware.gpu_memory_mib, hardware.ram_gib, test_config.duration_minutes, test_config.window_seconds],
    [24_564, 252, 1, 15],
  );
  deepEqual([gpu_stats.avg_memory_used_mib, gpu_stats.max_memory_used_mib], [20_000, 20_002]);
});
