// The agent with every kind of prompts: what it sends, what it writes down, and how it learns to count as the engine does.
import { deepEqual, equal, ok } from "node:assert/strict";
import { join } from "node:path";
import { readConfig } from "../pipeline/agent/config.ts";
import { promptFor, promptPlanOf } from "../pipeline/agent/prompts.ts";
import { run } from "../pipeline/agent/run.ts";
import { startMock } from "../pipeline/calibrate/mock/process.ts";
import { Metadata } from "../pipeline/schema/metadata.ts";
import { Prompts } from "../pipeline/schema/prompts.ts";
import { RequestLine } from "../pipeline/schema/request.ts";
import { fakeOpenai } from "./fakes/openai.ts";

async function measure(prompts: Prompts, env: Record<string, string>) {
  const out = await Deno.makeTempDir();
  const config = readConfig({
    ENGINE: "openai",
    DURATION: "0.1",
    WARMUP: "1",
    CONTEXT: "8192",
    SEED: "5",
    PROMPTS: JSON.stringify(prompts),
    OUT: out,
    ...env,
  }, new Date());
  await run(config, new AbortController().signal, { progress: () => undefined, ended: () => undefined });
  const text = await Deno.readTextFile(join(out, "results.jsonl"));
  const lines = text.trim().split("\n").map((line) => RequestLine.parse(JSON.parse(line)));
  const metadata = Metadata.parse(JSON.parse(await Deno.readTextFile(join(out, "metadata.json"))));
  await Deno.remove(out, { recursive: true });
  return { config, lines, metadata, workload: metadata.test_config?.workload };
}

const FIXED: Prompts = { kind: "fixed", input_tokens: 512, output_tokens: 24 };
const SHARED: Prompts = {
  kind: "shared_prefix",
  prefix_tokens: 512,
  input_tokens: 128,
  output_tokens: 16,
  groups: 2,
};

Deno.test("against the mock server", async (test) => {
  await using server = await startMock();
  for (
    const [prompts, kind, label] of [
      [{ kind: "standard" }, null, "standard"],
      [FIXED, "fixed", "fixed 512/24"],
      [{ kind: "mix", shape: "chat" }, "chat", "chat"],
      [{ kind: "mix", shape: "rag" }, "rag", "rag"],
      [{ kind: "mix", shape: "code" }, "code", "code"],
      [SHARED, "shared_prefix", "shared_prefix 2x512+128/16"],
    ] as [Prompts, string | null, string][]
  ) {
    await test.step(`a run of ${label} names its workload, and every line has its kind and the length asked for`, async () => {
      const { lines, workload, metadata, config } = await measure(prompts, {
        MODEL: "mock:ttft=5,gap=1,n=10",
        URL: server.url,
        MAX_TOKENS: "32",
      });
      const measured = lines.filter(({ phase }) => phase === "measure");
      ok(measured.length > 0 && measured.every(({ err, tok }) => err === false && tok === 10));
      equal(workload?.label, label);
      deepEqual([workload?.prompts, workload?.seed, workload?.length_enforced], [prompts, 5, false]);
      equal(workload?.gauged_by, kind === null ? undefined : "estimate");
      equal(metadata.test_config?.prompts?.length, kind === null ? 10 : undefined);
      const plan = promptPlanOf(config, workload?.nonce ?? "");
      for (const { n, prompt, asked_tok } of measured) {
        const asked = promptFor(n, plan);
        deepEqual([prompt, asked_tok], [asked.kind, asked.max_tokens]);
        if (kind !== null) equal(prompt, kind);
      }
      deepEqual(lines.map(({ n }) => n), lines.map((_, n) => n));
      const probes = lines.filter(({ prompt }) => prompt === "probe");
      equal(probes.length, kind === null ? 0 : 6);
      ok(probes.every(({ phase }) => phase === "warmup"));
    });
  }
});

for (const [what, perWord] of [["a large vocabulary", 1.2], ["a small one", 4.5]] as const) {
  Deno.test(`prompts come out as long as asked on an engine with ${what}, and metadata gives every text again`, async () => {
    await using server = fakeOpenai(["m"], { tokensOf: (words) => Math.round(21 + words * perWord) });
    const { lines, workload, config } = await measure({ ...FIXED, ignore_eos: true }, {
      MODEL: "m",
      URL: server.url,
    });
    const measured = lines.filter(({ phase }) => phase === "measure");
    ok(measured.length > 0);
    for (const { prompt_tok } of measured) {
      ok(Math.abs(Number(prompt_tok) - 512) <= perWord, String(prompt_tok));
    }
    equal(workload?.gauged_by, "engine");
    ok(Math.abs(Number(workload?.tokens_per_word) - perWord) < 0.02);
    const { nonce = "", tokens_per_word, fixed_tokens } = workload ?? {};
    const gauge = {
      tokens_per_word: Number(tokens_per_word),
      fixed_tokens: Number(fixed_tokens),
      gauged_by: "engine",
    } as const;
    const plan = { ...promptPlanOf(config, nonce), gauge };
    const asked = server.requests.filter(({ path }) => path === "/v1/chat/completions").slice(6);
    deepEqual(
      asked.map(({ body }) => (body.messages as { content: string }[])[0]?.content),
      asked.map((_, index) => promptFor(index + 6, plan).text),
    );
    ok(asked.every(({ body }) => body.ignore_eos === true && body.max_tokens === 24));
    equal(workload?.length_enforced, true);
  });
}

Deno.test("an engine that does not count is sent prompts of the estimated length", async () => {
  await using server = fakeOpenai(["m"], { noUsage: true });
  const { lines, workload } = await measure(FIXED, { MODEL: "m", URL: server.url });
  deepEqual([workload?.gauged_by, workload?.length_enforced], ["estimate", false]);
  equal(lines.filter(({ prompt }) => prompt === "probe").length, 1);
});

Deno.test("two runs with one seed send no prompt twice", async () => {
  await using server = fakeOpenai(["m"]);
  await measure(FIXED, { MODEL: "m", URL: server.url });
  await measure(SHARED, { MODEL: "m", URL: server.url });
  await measure(SHARED, { MODEL: "m", URL: server.url });
  const asked = server.requests.flatMap(({ body }) => {
    const [message] = (body.messages ?? []) as { content: string }[];
    return message === undefined ? [] : [message.content];
  });
  equal(new Set(asked).size, asked.length);
  const begins = asked.filter((text) => /^\[\w{8}\] /.test(text)).map((text) => text.slice(0, 10));
  equal(new Set(begins).size, 2);
});
