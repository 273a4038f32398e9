// Reasons that show while a model is pulled and loaded.
import { equal, match, ok } from "node:assert/strict";
import { ended, first, givesUp, run, skipAt, stageWith, succeeded, tidy } from "./trial.ts";

Deno.test("[model_unknown] a model that the library lacks is over at once, and the lease goes on with the others", async () => {
  await using stage = await stageWith(
    { machines: () => ({ engine: { unknownModels: ["qwen2:1.5b"] } }) },
    { models: ["qwen2:1.5b", "qwen2:7b"] },
  );
  const result = await run(stage);
  const [unknown, known] = result.rows;
  const found = /Cannot pull qwen2:1.5b: .*pull model manifest: file does not exist/;
  ended(result, unknown, { code: "model_unknown", at: "load", found });
  await succeeded(result, known, "1", 1);
  equal(result.machines.length, 1);
  tidy(result);
});

Deno.test("[pull_failed] a pull that ends with an error is tried a second time there, then on another host", async () => {
  const pullError = "max retries exceeded: unexpected EOF";
  const found = /Cannot pull qwen2:7b: .*max retries exceeded: unexpected EOF/;
  const { said } = await givesUp({ engine: { pullError } }, { code: "pull_failed", at: "load", found });
  equal(said.filter((line) => line.includes("unexpected EOF; trying again")).length, 2);
});

Deno.test("[pull_stalled] a pull without progress is begun again once, then another host is tried", async () => {
  const found = /Cannot pull qwen2:7b: nothing came for 120 s/;
  const { said } = await givesUp(
    { engine: { pullStalls: -1 } },
    { code: "pull_stalled", at: "load", found },
    { events: skipAt("pulling qwen2:7b: 30 %", 120) },
  );
  equal(said.filter((line) => line.includes("nothing came for 120 s; trying again")).length, 2);
});

Deno.test("a pull that stalls once is begun again there, and nothing fails", async () => {
  await using stage = await stageWith({ machines: first({ engine: { pullStalls: 1 } }) });
  const result = await run(stage, skipAt("pulling qwen2:7b: 30 %", 120, 1));
  equal(result.said.filter((line) => line.includes("nothing came for 120 s; trying again")).length, 1);
  await succeeded(result, result.rows[0], "1", 1);
  tidy(result);
});

Deno.test("[disk_too_small] a disk that fills up while a model is pulled is told, and a machine elsewhere is tried", async () => {
  const pullError = "write /root/.ollama/models/blobs/sha256-43f7: no space left on device";
  const found = /Cannot pull qwen2:7b: .*no space left on device/;
  await givesUp({ engine: { pullError } }, { code: "disk_too_small", at: "load", found });
});

Deno.test("[vram_taken] memory that somebody else's process holds is found before the model is loaded", async () => {
  const found = /Cannot load qwen2:7b: it needs 5\.\d GiB and 1\.\d of 23\.9 GiB are free/;
  const { said } = await givesUp({ usedMib: 23_000 }, { code: "vram_taken", at: "load", found });
  // Never asked of the machines whose memory is taken.
  equal(said.filter((line) => line.endsWith("pulling qwen2:7b")).length, 1);
});

Deno.test("[out_of_memory] a model that does not go into memory is over at once, with the engine's own words", async () => {
  await using stage = await stageWith({ machines: () => ({ engine: { outOfMemory: true } }) });
  const result = await run(stage);
  const found = /Cannot load qwen2:7b: .*cudaMalloc failed: out of memory/;
  ended(result, result.rows[0], { code: "out_of_memory", at: "load", found });
  equal(result.machines.length, 1);
  tidy(result);
});

Deno.test("[load_failed] a model that the engine cannot load is tried on one other host", async () => {
  const loadError = "llama runner process has terminated: exit status 2";
  const found = /Cannot load qwen2:7b: .*llama runner process has terminated: exit status 2/;
  await givesUp({ engine: { loadError } }, { code: "load_failed", at: "load", found });
});

Deno.test("[cuda_failed] a model that lies beside the GPU, although the smallest did not, is not measured there", async () => {
  const found = /Cannot measure qwen2:7b on the GPU: the engine put all of it beside the GPU/;
  await givesUp({ engine: { inVram: 0 } }, { code: "cuda_failed", at: "load", found });
});

Deno.test("a model of which a part lies beside the GPU is measured, and that is told", async () => {
  await using stage = await stageWith({ machines: () => ({ engine: { inVram: 0.8 } }) });
  const result = await run(stage);
  await succeeded(result, result.rows[0], "1", 1);
  match(result.said.join("\n"), /only 80 % of qwen2:7b lies in GPU memory: results are marked cpu_spill/);
  ok(result.machines.length === 1);
  tidy(result);
});
