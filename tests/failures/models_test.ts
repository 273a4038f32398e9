// Models that cannot be served are left out of the plan, with what to do about it, and nothing is rented for them.
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { join } from "node:path";
import { diskGb } from "../../pipeline/plan/leases.ts";
import { unsizedModels } from "../../pipeline/plan/models.ts";
import { renderModels, renderPlan } from "../../pipeline/query/plan.ts";
import { createBoard } from "../../pipeline/run/board.ts";
import { planMatrix } from "../../pipeline/run/mod.ts";
import type { FailureCode } from "../../pipeline/schema/failures.ts";
import { type FakeHub, fakeHub, type FakeRepository } from "../fakes/hub.ts";
import { hollow } from "../hollow.ts";
import { LLAMA_8B, LLAMA_8B_API } from "../models.ts";

const LLAMA = "meta-llama/Llama-3.1-8B-Instruct";
const READER = "hf_reader", STRANGER = "hf_stranger";
const LLAMA_70B: FakeRepository = {
  api: {
    siblings: [{ rfilename: "model.safetensors", size: 141_107_412_992 }],
    safetensors: { parameters: { BF16: 70_553_706_496 }, total: 70_553_706_496 },
  },
  config: { ...LLAMA_8B, hidden_size: 8192, num_hidden_layers: 80, num_attention_heads: 64 },
};
const REPOSITORIES: Record<string, FakeRepository> = {
  [LLAMA]: { api: LLAMA_8B_API, config: LLAMA_8B, readers: [READER] },
  "somebody/Llama-70B": LLAMA_70B,
  "somebody/else": { api: {} },
  "somebody/28-heads": {
    api: { siblings: [{ rfilename: "model.safetensors", size: 15_231_233_024 }] },
    config: { ...LLAMA_8B, num_attention_heads: 28, num_key_value_heads: 4, max_position_embeddings: 32_768 },
  },
};

interface Wish {
  readonly model: string;
  readonly engine?: object;
  readonly token?: string;
  readonly workload?: object;
  readonly gpu_count?: number;
  /** Null: nobody is asked. */
  readonly hub?: FakeHub | null;
}

/** The plan of a matrix with one model for an RTX 4090 at Vast.ai. */
async function planOf({ model, engine = {}, token, workload = {}, gpu_count = 1, hub }: Wish) {
  await using own = fakeHub({ repositories: REPOSITORIES, tokens: [READER, STRANGER] });
  await using clouds = await hollow();
  const matrix = join(clouds.paths.root, "matrix.json");
  const wished = {
    providers: ["vastai"],
    gpus: ["RTX 4090"],
    gpu_count,
    engines: [{ name: "vllm", ...engine }],
    models: [model],
    workloads: [{ context_tokens: 8192, ...workload }],
  };
  await Deno.writeTextFile(matrix, JSON.stringify({ name: "m", tests: [wished] }));
  const { world, log } = clouds.opening;
  const { sources } = hub ?? own;
  const { prepared } = await planMatrix({
    paths: clouds.paths,
    matrix,
    signal: new AbortController().signal,
    board: createBoard(log, null),
    world: {
      ...world,
      models: hub === null ? null : sources,
      env: (name) => name === "HF_TOKEN" ? token : undefined,
    },
    parallel: 1,
    allow_spill: false,
  });
  equal(clouds.count("create"), 0);
  return {
    ...prepared,
    asked: own.asked,
    leftOut: prepared.plan.left.map(({ code, reason }) => ({ code, reason })),
    shown: renderModels(prepared.models),
  };
}

async function leftOut(wish: Wish, code: FailureCode, reason: string): Promise<void> {
  const { leftOut, plan } = await planOf(wish);
  deepEqual([leftOut, plan.leases.length], [[{ code, reason }], 0]);
  match(renderPlan(plan, 0), /^Nothing can be worked on\./);
}

const GIVEN = { env: ["HF_TOKEN"] };

Deno.test("[model_not_found] a model that the hub does not have is left out by its name", async () => {
  await leftOut(
    { model: "somebody/Lama-70B" },
    "model_not_found",
    "huggingface.co has no somebody/Lama-70B, or a private one that HF_TOKEN may not read: check its name in the matrix",
  );
  await leftOut(
    { model: "qwen9:8b", engine: { name: "ollama" } },
    "model_not_found",
    "Ollama's library has no qwen9:8b: check its name in the matrix",
  );
});

Deno.test("[model_gated] a gated model without a token, with one that may not read it, or with one that the engine is not given is left out with what to do", async () => {
  await leftOut(
    { model: LLAMA, engine: GIVEN },
    "model_gated",
    `${LLAMA} is gated, and HF_TOKEN is not set: accept its terms at huggingface.co/${LLAMA}, set HF_TOKEN, and add "env": ["HF_TOKEN"] to the engine in the matrix`,
  );
  await leftOut(
    { model: LLAMA, engine: GIVEN, token: STRANGER },
    "model_gated",
    `${LLAMA} is gated, and HF_TOKEN may not read it: accept its terms at huggingface.co/${LLAMA} with the account of that token`,
  );
  await leftOut(
    { model: LLAMA, token: READER },
    "model_gated",
    `${LLAMA} is gated, and the engine is not given HF_TOKEN: add "env": ["HF_TOKEN"] to the engine in the matrix`,
  );
});

Deno.test("a gated model with a token that may read it and that the engine is given is planned, with its size", async () => {
  const { plan, shown } = await planOf({ model: LLAMA, engine: GIVEN, token: READER });
  deepEqual([plan.left, plan.leases.length], [[], 1]);
  equal(shown, `${LLAMA}  16.1 GB  needs 17.0 GiB  gated, your token may read it\n`);
  ok(!JSON.stringify(plan).includes(READER));
});

Deno.test("[does_not_fit] what a GPU cannot hold is left out by the size that the hub tells, whatever its name says", async () => {
  const model = "somebody/Llama-70B";
  await leftOut(
    { model },
    "does_not_fit",
    `${model} needs 134.9 GiB with its context, RTX 4090 has 24.0 GiB`,
  );
  const { plan } = await planOf({ model, engine: { flags: ["--quantization", "fp8"] } });
  deepEqual(plan.left.map(({ code }) => code), []);
});

Deno.test("[does_not_fit] a copy of the model on each GPU must fit one of them", async () => {
  const model = "somebody/28-heads", context_tokens = 32_768, gpu_count = 4;
  const workload = { context_tokens, prompts: { kind: "fixed", input_tokens: 64, output_tokens: 64 } };
  const copies = { flags: ["--data-parallel-size", "4"] };
  const spread = await planOf({ model: LLAMA, engine: GIVEN, token: READER, gpu_count });
  deepEqual(spread.leftOut.map(({ code }) => code), ["no_offer"]);
  const small = await planOf({ model, workload, gpu_count, engine: copies });
  deepEqual(small.leftOut.map(({ code }) => code), ["no_offer"]);
  const large = { ...workload, context_tokens: 131_072 };
  const { leftOut } = await planOf({
    model: LLAMA,
    engine: { ...GIVEN, ...copies },
    token: READER,
    workload: large,
    gpu_count,
  });
  deepEqual(leftOut, [{
    code: "does_not_fit",
    reason: `${LLAMA} needs 32.0 GiB with its context, each of 4 copies on 4 × RTX 4090 has 24.0 GiB`,
  }]);
});

Deno.test("[settings_refused] GPUs into which a model's attention heads do not divide are not rented", async () => {
  const model = "somebody/28-heads";
  await leftOut(
    { model, gpu_count: 8 },
    "settings_refused",
    `${model} has 28 attention heads, which do not divide into 8 GPUs: take tensor parallelism of 1, 2, 4, 7, 14`,
  );
  for (const flags of [["--tensor_parallel_size", "4", "-pp", "2"], ["-dp", "2"]]) {
    const { leftOut } = await planOf({ model, gpu_count: 8, engine: { flags } });
    deepEqual(leftOut.map(({ code }) => code), ["no_offer"]);
  }
});

Deno.test("[settings_refused] a context longer than the model's is refused, unless the matrix says that it may be", async () => {
  const model = "somebody/28-heads", workload = { context_tokens: 65_536 };
  await leftOut(
    { model, workload },
    "settings_refused",
    `${model} has a context of 32768 tokens, the matrix asks for 65536: take less context_tokens`,
  );
  for (const flags of [["--max-model-len", "4096"], ["--hf-overrides", '{"rope_parameters": {}}']]) {
    deepEqual((await planOf({ model, workload, engine: { flags } })).leftOut, []);
  }
});

Deno.test("where nobody is asked the name tells what does not fit, and the reason says so", async () => {
  const model = "meta-llama/Llama-3.1-70B-Instruct";
  await leftOut(
    { model, hub: null },
    "does_not_fit",
    `${model}, by its name, needs 131.4 GiB with its context, RTX 4090 has 24.0 GiB`,
  );
});

Deno.test("vLLM needs the context of one request, since others wait; Ollama keeps memory for all", async () => {
  const wide = { context_tokens: 32_768, concurrency: [1, 64] };
  const engine = { ...GIVEN };
  const { plan, models } = await planOf({ model: LLAMA, engine, token: READER, workload: wide });
  deepEqual([plan.left, models[0]?.needed_gib?.toFixed(1)], [[], "20.0"]);
  const long = { context_tokens: 131_072 };
  const { leftOut } = await planOf({ model: LLAMA, engine, token: READER, workload: long });
  deepEqual(leftOut.map(({ code }) => code), ["does_not_fit"]);
  const kept = await planOf({
    model: "qwen2:7b",
    engine: { name: "ollama" },
    workload: { context_tokens: 32_768, concurrency: [1, 64] },
  });
  deepEqual(kept.leftOut.map(({ code }) => code), ["does_not_fit"]);
});

Deno.test("a model of unknown size is planned and told as such; one of the catalogue is asked of nobody", async () => {
  const unknown = await planOf({ model: "somebody/else" });
  equal(unknown.plan.leases.length, 1);
  deepEqual(unsizedModels(unknown.plan.leases, unknown.models), ["somebody/else"]);
  deepEqual(unsizedModels([], unknown.models), []);
  equal(unknown.shown, "somebody/else  size not known, not checked  open\n");
  const known = await planOf({ model: "qwen2:7b", engine: { name: "ollama" } });
  deepEqual(unsizedModels(known.plan.leases, known.models), []);
  equal(known.shown, "qwen2:7b  4.4 GB  needs 5.6 GiB  of the catalogue\n");
  deepEqual(known.asked, []);
});

Deno.test("a hub that does not answer leaves out nothing but what the name forbids, and the plan says that nothing was checked", async () => {
  const gone = fakeHub();
  await gone[Symbol.asyncDispose]();
  const { plan, shown } = await planOf({ model: LLAMA, hub: gone });
  deepEqual([plan.left, plan.leases.length], [[], 1]);
  const { host } = new URL(gone.url);
  equal(shown, `${LLAMA}  16.0 GB  needs 15.9 GiB  size by its name, not checked: ${host} does not answer\n`);
});

Deno.test("disk and time of a lease follow from the size that was found out", async () => {
  const small = await planOf({ model: "somebody/else" });
  const large = await planOf({ model: LLAMA, engine: GIVEN, token: READER });
  const hours = ({ plan }: typeof small) => plan.leases[0]?.hours ?? NaN;
  // 20 GB are reckoned with where nobody knows.
  ok(hours(large) < hours(small));
  deepEqual(
    [small, large].map(({ plan: { leases }, catalog }) => leases.map((lease) => diskGb(lease, catalog))),
    [
      [69],
      [43],
    ],
  );
});
