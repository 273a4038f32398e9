// Engines of simulated machines: what they refuse, and how fast they are with several GPUs and several requests.
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { join } from "node:path";
import { cardsOf, several, stockOf } from "./cloud/stock.ts";
import { bytesOf } from "./cloud/models.ts";
import { tokensPerSecond, type Work } from "./cloud/speed.ts";
import { RUN } from "./e2e/cli.ts";
import type { ServerName } from "./fakes/server.ts";

const ENGINE = join(import.meta.dirname ?? "", "cloud", "server_engine.ts");
const MODEL = "Qwen/Qwen2.5-14B-Instruct-AWQ";
const GATED = "meta-llama/Llama-3.1-8B-Instruct";

/** What an engine prints on a machine with so many RTX 4090 until it listens or ends, and its exit code; null when it listens. */
async function started(
  name: ServerName,
  gpus: number,
  words: readonly string[],
  env: Record<string, string> = {},
): Promise<{ code: number | null; said: string }> {
  const state = await Deno.makeTempDir();
  const settings = { gpus, vram_gib: 24 * gpus, bandwidth_gb_s: 1008, efficiency: 0.6, pull_gb_s: 400 };
  await Deno.writeTextFile(join(state, "engine.json"), JSON.stringify(settings));
  const child = new Deno.Command(Deno.execPath(), {
    args: [...RUN, ENGINE, ...words, "--host", "127.0.0.1", "--port", "0"],
    env: { SERVER: name, STATE: state, HF_TOKEN: "", ...env },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  let said = "";
  let code: number | null = null;
  for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
    said += text;
    if (said.includes("startup complete")) break;
  }
  if (said.includes("startup complete")) child.kill("SIGKILL");
  else code = (await child.status).code;
  await child.status;
  await Deno.remove(state, { recursive: true });
  return { code, said };
}

Deno.test("simulated vLLM refuses to spread over more GPUs than there are, in vLLM's words, and serves with as many", async () => {
  const more = await started("vllm", 2, ["serve", MODEL, "--tensor-parallel-size", "4"]);
  equal(more.code, 1);
  match(more.said, /World size \(4\) is larger than the number of available GPUs \(2\) in this node/);
  const both = await started("vllm", 4, ["serve", MODEL, "--tensor-parallel-size=2", "-pp", "2"]);
  equal(both.code, null, both.said);
});

Deno.test("simulated SGLang and llama-server take their own flags for several GPUs", async () => {
  const more = await started("sglang", 2, ["--model-path", MODEL, "--tp", "4"]);
  match(more.said, /invalid device ordinal/);
  equal((await started("sglang", 2, ["--model-path", MODEL, "--tp", "2"])).code, null);
  const split = ["-hf", "Qwen/Qwen2.5-14B-Instruct-GGUF:Q4_K_M", "--split-mode", "layer"];
  equal((await started("llama.cpp", 2, split)).code, null);
});

Deno.test("a gated model is refused by a simulated engine without HF_TOKEN as by the hub, and served with it", async () => {
  const without = await started("vllm", 1, ["serve", GATED]);
  equal(without.code, 1);
  match(without.said, /gated repo[\s\S]*401 Client Error[\s\S]*is restricted/);
  equal((await started("vllm", 1, ["serve", GATED], { HF_TOKEN: "of-a-test" })).code, null);
});

Deno.test("weights that the GPUs which share them cannot hold end a simulated engine for want of memory", async () => {
  const model = "Qwen/Qwen2.5-32B-Instruct";
  match((await started("vllm", 4, ["serve", model])).said, /CUDA out of memory/);
  equal((await started("vllm", 4, ["serve", model, "-tp", "4"])).code, null);
});

Deno.test("GPUs that share the layers are faster than one, and less so the more they are; requests slow one another down", () => {
  const work: Work = {
    ...{ bytes: bytesOf(MODEL), bandwidth_gb_s: 1008, efficiency: 0.6 },
    ...{ tensor_parallel_size: 1, in_flight: 1, halved_at: 40 },
  };
  const speed = (changes: Partial<Work>) => tokensPerSecond({ ...work, ...changes }, 0);
  const gains = [2, 4, 8].map((n) => speed({ tensor_parallel_size: n }) / speed({}) / n);
  ok(gains.every((gain, n) => gain < (gains[n - 1] ?? 1) && gain > 0.5), `${gains}`);
  ok(speed({ in_flight: 16 }) < speed({}));
  ok(16 * speed({ in_flight: 16 }) > 8 * speed({}));
});

Deno.test("the cards of a machine have ids of their own, the same whenever it is rented, and one may have a narrower link", () => {
  const stock = several(stockOf("7", "RTX 4090"), 4, { narrow: 2 });
  const cards = cardsOf(stock);
  equal(new Set(cards.map(({ uuid }) => uuid)).size, 4);
  deepEqual(cardsOf(stock), cards);
  deepEqual(cards.map(({ pcie_width }) => pcie_width), [undefined, undefined, 4, undefined]);
  ok(stock.price_per_hour > 3 * stockOf("7", "RTX 4090").price_per_hour);
});
