import { deepEqual, equal, rejects, throws } from "node:assert/strict";
import { expand, repeatedBlocks } from "../pipeline/plan/expand.ts";
import { planLeases } from "../pipeline/plan/leases.ts";
import { resolveMatrix } from "../pipeline/plan/resolve.ts";
import { mostInFlight } from "../pipeline/schema/load.ts";
import { Matrix, Workload } from "../pipeline/schema/matrix.ts";
import { parseOrRefuse } from "../pipeline/schema/parse.ts";

const servesAll = () => null;
const workload = { duration_seconds: 5 };

function matrix(test: Record<string, unknown>): Matrix {
  return Matrix.parse({
    name: "m",
    tests: [{ engines: ["ollama"], models: ["a"], workloads: [workload], ...test }],
  });
}

Deno.test("every combination of a test's lists becomes one entry with an id of its own", () => {
  const entries = expand(
    matrix({
      models: ["a", "b"],
      engines: ["ollama", "openai"],
      workloads: [workload, { ...workload, name: "long" }],
    }),
    [],
    servesAll,
  );
  equal(entries.length, 8);
  equal(new Set(entries.map((entry) => entry.id)).size, 8);
  equal(entries[0]?.id, "local-ollama-a-standard");
});

Deno.test("names that become the same id are told apart", () => {
  const ids = expand(matrix({ models: ["q:7b", "q 7b"] }), [], servesAll).map((entry) => entry.id);
  deepEqual(ids, ["local-ollama-q-7b-standard", "local-ollama-q-7b-standard-2"]);
});

Deno.test("a block that asks again for what an earlier one asks is told, and where it does not it is not", () => {
  const [block] = matrix({ models: ["a", "b"] }).tests;
  const [half] = matrix({ models: ["b"] }).tests;
  const [other] = matrix({ models: ["b"], workloads: [{ ...workload, max_tokens: 9 }] }).tests;
  if (block === undefined || half === undefined || other === undefined) throw new TypeError("no block");
  const told = (...tests: Matrix["tests"]) => repeatedBlocks({ ...matrix({}), tests }, [], servesAll);
  deepEqual(told(block, other), []);
  deepEqual(told(block, half, block), [
    "tests[1] asks again for 1 entry of tests[0]: measured and paid twice",
    "tests[2] asks again for 2 entries of tests[0]: measured and paid twice",
  ]);
});

Deno.test("an engine's own image is that of its machines, and a lease of its own", () => {
  const entries = expand(
    matrix({
      providers: ["vastai"],
      engines: [{ name: "vllm", image: "vllm/vllm-openai:latest" }, "sglang"],
      models: ["m/a"],
      offers: { max_hours: 2 },
    }),
    [],
    servesAll,
  );
  deepEqual(entries.map(({ offers }) => [offers.image, offers.max_hours]), [["vllm/vllm-openai:latest", 2], [
    undefined,
    2,
  ]]);
  equal(planLeases(entries, { gpus: [], models: [] }).length, 2);
});

Deno.test("an unknown GPU is refused with the known ones", () => {
  throws(
    () => expand(matrix({ gpus: ["RTX 4009"] }), ["L4", "RTX 4090"], servesAll),
    (error: Error & { hint?: string }) =>
      error.message === 'Cannot plan the matrix: tests[0].gpus[0]: unknown GPU "RTX 4009"' &&
      error.hint?.startsWith("Known GPUs, nearest first: RTX 4090, ") === true,
  );
});

Deno.test("a model that an engine of the test cannot serve is refused with the reason", () => {
  throws(
    () => expand(matrix({}), [], () => "ollama serves no such thing"),
    /^UserError: Cannot plan the matrix: tests\[0\]\.models\[0\]: a cannot be served \(ollama serves no such thing\)/,
  );
});

for (
  const [what, broken, words] of [
    ["an unknown key", { gpu: ["any"] }, 'tests[0]: unknown key "gpu", known: gpus, '],
    [
      "an unknown engine",
      { engines: ["ollamma"] },
      'tests[0].engines[0]: unknown value "ollamma", known: ollama, vllm, sglang, llama.cpp, openai, embedded',
    ],
    [
      "an unknown engine among its settings",
      { engines: [{ name: "opnai" }] },
      'tests[0].engines[0].name: unknown value "opnai", known: openai, ',
    ],
    [
      "an unknown engine setting",
      { engines: [{ name: "openai", urll: "http://a" }] },
      'tests[0].engines[0]: unknown key "urll", known: url, ',
    ],
    [
      "flags of an engine that takes none",
      { engines: [{ name: "ollama", flags: ["--verbose"] }] },
      "tests[0].engines[0].flags: only vllm, sglang, llama.cpp take flags",
    ],
    [
      "flags of an engine that already runs",
      { engines: [{ name: "vllm", url: "http://a", flags: ["--enforce-eager"] }] },
      "tests[0].engines[0].flags: an engine that already runs at a url takes none",
    ],
    [
      "a flag that the almanac sets",
      { engines: [{ name: "sglang", flags: ["--port=1"] }] },
      "tests[0].engines[0].flags: the almanac sets --port itself",
    ],
    [
      "a secret among the flags",
      { engines: [{ name: "llama.cpp", flags: ["--hf-token", "x"] }] },
      "tests[0].engines[0].flags: --hf-token would be published with the result",
    ],
    [
      "a secret whose flag is written with underscores",
      { engines: [{ name: "vllm", flags: ["--hf_token=x"] }] },
      "tests[0].engines[0].flags: --hf-token would be published with the result",
    ],
    [
      "a secret whose flag is abbreviated",
      { engines: [{ name: "vllm", flags: ["--hf-tok", "x"] }] },
      "tests[0].engines[0].flags: write --hf-tok in full, --hf-token",
    ],
    [
      "a file of secrets",
      { engines: [{ name: "llama.cpp", flags: ["--api-key-file", "/keys"] }] },
      "tests[0].engines[0].flags: --api-key-file would be published with the result",
    ],
    [
      "a token within a flag's value",
      { engines: [{ name: "vllm", flags: ["--hf-overrides", '{"token": "hf_0123456789abcdefgh"}'] }] },
      'tests[0].engines[0].flags: a token would be published with the result: hand it over as "env": ["HF_TOKEN"]',
    ],
    [
      "a flag that names another repository",
      { engines: [{ name: "llama.cpp", flags: ["--hf-repo", "a/b:Q4_K_M"] }] },
      "tests[0].engines[0].flags: the almanac sets --hf-repo itself",
    ],
    [
      "tensor parallelism with underscores over fewer GPUs than are rented",
      { engines: [{ name: "vllm", flags: ["--tensor_parallel_size", "2"] }], gpu_count: 4 },
      "tests[0].engines[0].flags: its flags use 2 GPUs of 4",
    ],
    [
      "abbreviated tensor parallelism",
      { engines: [{ name: "sglang", flags: ["--tensor-par=2"] }], gpu_count: 4 },
      "tests[0].engines[0].flags: write --tensor-par in full, --tensor-parallel-size",
    ],
    [
      "a version of an engine that is never installed",
      { engines: [{ name: "openai", version: "1.0.0" }] },
      "tests[0].engines[0].version: only ollama, vllm, sglang, llama.cpp take a version",
    ],
    [
      "a version that is none",
      { engines: [{ name: "ollama", version: "v0.12" }] },
      'tests[0].engines[0].version: "v0.12" is no version of ollama; known are latest and versions such as 0.',
    ],
    [
      "a version of another engine's form",
      { engines: [{ name: "llama.cpp", version: "0.6.0" }] },
      'tests[0].engines[0].version: "0.6.0" is no version of llama.cpp; known are latest and versions such as b1',
    ],
    [
      "a version with words for a shell",
      { engines: [{ name: "vllm", version: "0.33.0;reboot" }] },
      'tests[0].engines[0].version: "0.33.0;reboot" is no version of vllm',
    ],
    [
      "the latest version of an engine that already runs",
      { engines: [{ name: "vllm", url: "http://a", version: "latest" }] },
      "tests[0].engines[0].version: latest is for rented machines",
    ],
    [
      "the latest version on a machine on which nothing is installed",
      { providers: ["ssh", "vastai"], engines: [{ name: "vllm", version: "latest" }] },
      "tests[0].engines[0].version: latest is for rented machines: name the version of an engine that runs already, as those of ssh do",
    ],
    [
      "a flag and its value in one string",
      { engines: [{ name: "vllm", flags: ["--dtype float16"] }] },
      'tests[0].engines[0].flags: write "--dtype", "float16" as two: a value may hold blanks',
    ],
    [
      "tensor parallelism over fewer GPUs than are rented",
      { engines: [{ name: "vllm", flags: ["--tensor-parallel-size", "2"] }], gpu_count: 4 },
      "tests[0].engines[0].flags: its flags use 2 GPUs of 4: tensor × pipeline × data parallelism must be gpu_count",
    ],
    [
      "tensor parallelism over more GPUs than are rented",
      { engines: [{ name: "sglang", flags: ["--tp=8"] }], gpu_count: 4 },
      "tests[0].engines[0].flags: its flags use 8 GPUs of 4",
    ],
    [
      "stages that do not divide the GPUs",
      { engines: [{ name: "vllm", flags: ["-pp", "3"] }], gpu_count: 4 },
      "tests[0].engines[0].flags: 3 copies and stages do not divide 4 GPUs",
    ],
    [
      "parallelism that is no number",
      { engines: [{ name: "vllm", flags: ["--data-parallel-size", "two"] }], gpu_count: 2 },
      "tests[0].engines[0].flags: --data-parallel-size needs a whole number above 0",
    ],
    [
      "llama.cpp on one GPU of several",
      { engines: [{ name: "llama.cpp", flags: ["-sm", "none"] }], gpu_count: 2 },
      "tests[0].engines[0].flags: --split-mode none uses one GPU of 2",
    ],
    [
      "flags of the engine that stands in otherwise",
      {
        gpu_count: 2,
        otherwise: { engines: [{ name: "vllm", flags: ["-tp", "1"] }], models: ["m"] },
      },
      "tests[0].otherwise.engines[0].flags: its flags use 1 GPU of 2",
    ],
    [
      "a variable with its value",
      { providers: ["vastai"], engines: [{ name: "vllm", env: ["HF_TOKEN=hf_x"] }] },
      "tests[0].engines[0].env[0]: name the variable alone: its value comes from your environment",
    ],
    [
      "a variable that says where the user's files are",
      { providers: ["vastai"], engines: [{ name: "vllm", env: ["HF_HOME"] }] },
      "tests[0].engines[0].env[0]: HF_HOME never leaves this computer",
    ],
    [
      "the key of an account among the variables",
      { providers: ["vastai"], engines: [{ name: "vllm", env: ["VASTAI_API_KEY"] }] },
      "tests[0].engines[0].env[0]: VASTAI_API_KEY never leaves this computer",
    ],
    [
      "a variable that no engine reads",
      { providers: ["vastai"], engines: [{ name: "vllm", env: ["HF_TOKN"] }] },
      "tests[0].engines[0].env[0]: engines do not read HF_TOKN; known: HF_TOKEN, ",
    ],
    [
      "a variable twice",
      { providers: ["vastai"], engines: [{ name: "vllm", env: ["HF_TOKEN", "HF_TOKEN"] }] },
      "tests[0].engines[0].env: it names a variable twice",
    ],
    [
      "variables of an engine that is not started",
      { providers: ["vastai"], engines: [{ name: "openai", env: ["HF_TOKEN"] }] },
      "tests[0].engines[0].env: only ollama, vllm, sglang, llama.cpp are started by the almanac and take variables",
    ],
    [
      "variables of an engine that already runs",
      { engines: [{ name: "vllm", url: "http://a", env: ["HF_TOKEN"] }] },
      "tests[0].engines[0].env: an engine that already runs at a url takes none",
    ],
    [
      "variables for an engine of this computer",
      { engines: [{ name: "vllm", env: ["HF_TOKEN"] }] },
      "tests[0].engines[0].env: it is for rented machines: engines of this machine run already",
    ],
    [
      "an image for an engine on a host of one's own",
      { providers: ["ssh"], engines: [{ name: "vllm", image: "vllm/vllm-openai:latest" }] },
      "tests[0].engines[0].image: it is for rented machines: engines of own host run already",
    ],
    [
      "one image for two engines",
      {
        providers: ["vastai"],
        engines: ["vllm", "sglang"],
        offers: { image: "vllm/vllm-openai:latest" },
      },
      'tests[0].offers.image: vllm/vllm-openai:latest cannot be the image of vllm and sglang: give each engine its own "image"',
    ],
    [
      "interruptible machines where there are none",
      { providers: ["vastai", "lambda"], offers: { market: "interruptible" } },
      "tests[0].offers.market: lambda has no interruptible machines; providers that do: vastai",
    ],
    [
      "a market that is none",
      { providers: ["vastai"], offers: { market: "spot" } },
      'tests[0].offers.market: unknown value "spot", known: ',
    ],
    [
      "a tier where there are none",
      { providers: ["tensordock"], offers: { tier: "secure" } },
      "tests[0].offers.tier: tensordock has no tiers; providers that do: vastai, runpod",
    ],
    [
      "whole machines half meant",
      { providers: ["vastai"], offers: { whole_machine: "yes" } },
      "tests[0].offers.whole_machine: ",
    ],
    [
      "a country that is wanted and not",
      { providers: ["vastai"], offers: { countries: ["DE"], not_countries: ["US", "DE"] } },
      "tests[0].offers.not_countries: DE stands in countries, too",
    ],
    [
      "memory of less than nothing",
      { providers: ["vastai"], offers: { min_ram_gb: -1 } },
      "tests[0].offers.min_ram_gb: it is -1, it must be above 0",
    ],
    [
      "half a core",
      { providers: ["vastai"], offers: { min_cpu_cores: 0.5 } },
      "tests[0].offers.min_cpu_cores: it is 0.5, it must be a whole number",
    ],
    [
      "more GPUs than a machine has",
      { providers: ["vastai"], gpu_count: 32 },
      "tests[0].gpu_count: it is 32, it must be at most 16",
    ],
    [
      "llama.cpp on one device of two",
      { engines: [{ name: "llama.cpp", flags: ["--device", "CUDA0"] }], gpu_count: 2 },
      "tests[0].engines[0].flags: --device uses 1 of 2 GPUs",
    ],
    [
      "a GPU that gets no share of the model",
      { engines: [{ name: "llama.cpp", flags: ["-ts", "1,0"] }], gpu_count: 2 },
      "tests[0].engines[0].flags: -ts uses 1 of 2 GPUs",
    ],
    [
      "a country in small letters",
      { providers: ["vastai"], offers: { countries: ["de"] } },
      'tests[0].offers.countries[0]: it is "de", it must be two capitals such as DE',
    ],
    [
      "an address for an image",
      { providers: ["vastai"], offers: { image: "https://hub.docker.com/r/vllm/vllm-openai" } },
      "tests[0].offers.image: it must be a name such as vllm/vllm-openai:latest",
    ],
    [
      "an image of two words",
      { providers: ["vastai"], engines: [{ name: "vllm", image: "vllm latest" }] },
      "tests[0].engines[0].image: it must be a name such as vllm/vllm-openai:latest",
    ],
    [
      "a password in an address",
      { engines: [{ name: "openai", url: "http://me:secret@a" }] },
      "tests[0].engines[0].url: it holds a password, which would be written down",
    ],
    [
      "an engine twice, once with its settings",
      { engines: ["vllm", "sglang", { name: "vllm" }], providers: ["vastai"] },
      "tests[0].engines[2]: vllm is named twice",
    ],
    [
      "a workload twice",
      { workloads: [{ max_tokens: 9 }, { max_tokens: 8 }, { max_tokens: 9 }] },
      "tests[0].workloads[2]: the same workload is named twice",
    ],
    [
      "a server that takes less than the prompts need",
      {
        providers: ["vastai"],
        engines: [{ name: "vllm", flags: ["--max-model-len", "512"] }],
        workloads: [{ prompts: { kind: "fixed", input_tokens: 600, output_tokens: 64 } }],
      },
      "tests[0].engines[0].flags: with its flags ",
    ],
    ["a GPU twice", { gpus: ["H100", "H100"] }, "tests[0].gpus[1]: H100 is named twice"],
    ["a model twice", { models: ["m", "n", "m"] }, "tests[0].models[2]: m is named twice"],
    [
      "an address that is none",
      { engines: [{ name: "openai", url: "ftp://a" }] },
      'tests[0].engines[0].url: it is "ftp://a", it must be a URL',
    ],
    [
      "an unknown provider",
      { providers: ["vastt"] },
      'tests[0].providers[0]: unknown value "vastt", known: vastai, ',
    ],
    [
      "a negative duration",
      { workloads: [{ duration_seconds: -1 }] },
      "tests[0].workloads[0].duration_seconds: it is -1, it must be above 0",
    ],
    ["an empty list", { models: [] }, "tests[0].models: it is empty"],
    ["a missing list", { models: undefined }, "tests[0].models: it is missing"],
    [
      "a concurrency of zero",
      { workloads: [{ concurrency: [0] }] },
      "tests[0].workloads[0].concurrency[0]: it is 0, it must be at least 1",
    ],
    [
      "both a concurrency and a load",
      { workloads: [{ concurrency: [1], load: { kind: "poisson", rates: [1] } }] },
      "tests[0].workloads[0]: it has both concurrency and load; give one",
    ],
    [
      "a level twice",
      { workloads: [{ load: { kind: "constant", rates: [2, 1, 2] } }] },
      "tests[0].workloads[0]: the level 2 stands there twice",
    ],
    [
      "an unknown kind of load",
      { workloads: [{ load: { kind: "poison", rates: [1] } }] },
      'tests[0].workloads[0].load.kind: unknown value "poison", known: poisson, ',
    ],
    [
      "a load without its kind",
      { workloads: [{ load: { rates: [1] } }] },
      "tests[0].workloads[0].load.kind: it is missing",
    ],
    [
      "a ladder of rates",
      { workloads: [{ load: { kind: "ladder", most: 8, rates: [1] } }] },
      'tests[0].workloads[0].load: unknown key "rates", known: ',
    ],
    [
      "a gamma load that does not say how bursty",
      { workloads: [{ load: { kind: "gamma", rates: [1] } }] },
      "tests[0].workloads[0].load.burstiness: it is missing",
    ],
    [
      "a ramp that waits for a number of requests",
      { workloads: [{ load: { kind: "ramp", from: 1, to: 2 }, least_requests: 9 }] },
      "tests[0].workloads[0]: a ramp ends when it has come to its rate; it takes no least_requests",
    ],
    [
      "a text for a number",
      { workloads: [{ max_tokens: "256" }] },
      'tests[0].workloads[0].max_tokens: it is "256", it must be a number',
    ],
  ] as const
) {
  Deno.test(`a matrix with ${what} is refused in one sentence that says where, what was found and what is known`, () => {
    const input = {
      name: "m",
      tests: [{ engines: ["ollama"], models: ["a"], workloads: [workload], ...broken }],
    };
    throws(() => parseOrRefuse(Matrix, input, "the matrix m.json", "Look."), (error: Error) => {
      equal(error.name, "UserError");
      equal(error.message.includes("\n"), false);
      return error.message.startsWith(`Cannot read the matrix m.json: ${words}`);
    });
  });
}

Deno.test("an engine is started for as many requests at once as the load of a workload may bring", () => {
  const most = (workload: object) => mostInFlight(Workload.parse(workload));
  equal(most({}), 1);
  equal(most({ concurrency: [4, 16, 2] }), 16);
  equal(most({ load: { kind: "ladder", most: 96 } }), 96);
  equal(most({ load: { kind: "poisson", rates: [1, 5] } }), 64);
  equal(most({ load: { kind: "ramp", from: 1, to: 5, most_in_flight: 12 } }), 12);
});

Deno.test("installed models are asked of the engine that answers", async () => {
  const resolved = await resolveMatrix(matrix({ models: ["installed"] }), () => Promise.resolve(["x", "y"]));
  deepEqual(resolved.tests.map((test) => test.models), [["x", "y"]]);
});

Deno.test("a test whose engines do not answer is replaced by its otherwise", async () => {
  const resolved = await resolveMatrix(
    matrix({ models: ["installed"], otherwise: { engines: ["embedded"], models: ["synthetic:42m"] } }),
    () => Promise.resolve(null),
  );
  deepEqual(resolved.tests.map((test) => [test.engines, test.models]), [[["embedded"], ["synthetic:42m"]]]);
});

Deno.test("an engine that answers but has no model is passed over too", async () => {
  const resolved = await resolveMatrix(
    matrix({ models: ["installed"], otherwise: { engines: ["embedded"], models: ["synthetic:42m"] } }),
    () => Promise.resolve([]),
  );
  deepEqual(resolved.tests[0]?.engines, ["embedded"]);
});

Deno.test("installed models without an engine and without otherwise are refused", async () => {
  await rejects(
    resolveMatrix(matrix({ models: ["installed"] }), () => Promise.resolve(null)),
    /no such engine answers/,
  );
});

Deno.test("entries share a lease by provider and GPU, and an engine's start by engine and model", () => {
  const entries = expand(
    matrix({
      models: ["a", "b"],
      workloads: [workload, { ...workload, name: "wide", concurrency: [1, 8] }],
    }),
    [],
    servesAll,
  );
  const leases = planLeases(entries, { gpus: [], models: [] });
  equal(leases.length, 1);
  deepEqual(leases[0]?.sittings.map((sitting) => sitting.entries.length), [2, 2]);
  deepEqual(leases[0]?.sittings[0]?.capacity.concurrency, [8]);
});
