// Engines that an image brings, on rented machines over SSH, from the matrix to the sealed evidence.
import { deepEqual, equal, match } from "node:assert/strict";
import type { MachineFaults } from "../cloud/machine.ts";
import type { ServerName } from "../fakes/server.ts";
import { serverProgram } from "../fakes/server_machine.ts";
import type { ProcessFaults } from "../fakes/server_process.ts";
import { ended, evidenceOf, retried, run, stageWith, succeeded, tidy } from "./trial.ts";

const MODELS: Record<ServerName, string> = {
  vllm: "Qwen/Qwen2.5-0.5B-Instruct",
  sglang: "Qwen/Qwen2.5-0.5B-Instruct",
  "llama.cpp": "Qwen/Qwen2.5-0.5B-Instruct-GGUF:Q8_0",
};
const FLAGS: Record<ServerName, string[]> = {
  vllm: ["--enforce-eager"],
  sglang: ["--enable-metrics"],
  "llama.cpp": ["-ngl", "99"],
};

const bringing = (name: ServerName, faults: ProcessFaults = {}): MachineFaults => ({
  image: Object.fromEntries([serverProgram(name, faults)]),
});

for (const name of ["vllm", "sglang", "llama.cpp"] as const) {
  Deno.test(`${name} is measured on a rented machine; version and flags stand in the evidence, and the machine is given back`, async () => {
    const engines = [{ name, flags: FLAGS[name] }];
    const faults = { loading: 2 };
    await using stage = await stageWith({ machines: () => bringing(name, faults) }, {
      engines,
      models: [MODELS[name]],
    });
    const result = await run(stage);
    const [row] = result.rows;
    await succeeded(result, row, "1", 1);
    const { metadata, provenance } = await evidenceOf(stage, row?.raw_dir ?? "");
    equal(metadata.model.runtime, name);
    equal(metadata.model.name, MODELS[name]);
    match(metadata.model.runtime_version, /^(0\.\d+\.\d+|b\d+-\w+)$/);
    deepEqual(metadata.test_config.engine_flags.slice(-FLAGS[name].length), FLAGS[name]);
    deepEqual(provenance.engine_flags, FLAGS[name]);
    tidy(result);
  });
}

Deno.test("[out_of_memory] vLLM's root cause is told, though its last words are others, and no other machine is tried", async () => {
  const cause =
    "(EngineCore_DP0 pid=412) torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 1.02 GiB.";
  const dies = [cause, "RuntimeError: Engine core initialization failed. See root cause above."];
  await using stage = await stageWith({ machines: () => bringing("vllm", { dies }) }, {
    engines: ["vllm"],
    models: [MODELS.vllm],
  });
  const result = await run(stage);
  const found = /Cannot load Qwen\/\S+ with vLLM: .*CUDA out of memory/;
  ended(result, result.rows[0], { code: "out_of_memory", at: "load", found });
  equal(result.machines.length, 1);
  tidy(result);
});

Deno.test("[load_failed] a server that ends by itself is tried on one other host", async () => {
  const dies = ["Bus error (core dumped)"];
  await using stage = await stageWith(
    { machines: (n) => bringing("sglang", n === 1 ? { dies } : {}) },
    { engines: ["sglang"], models: [MODELS.sglang] },
  );
  const result = await run(stage);
  await succeeded(result, result.rows[0], "2", 2);
  equal(retried(result, { code: "load_failed", at: "load", found: /with SGLang: it ended: Bus error/ }), 1);
  tidy(result);
});
