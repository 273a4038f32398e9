// Whether an answer comes from the model that was asked for, by the names of both.
import { deepEqual, equal } from "node:assert/strict";
import { isSameModel } from "../pipeline/agent/same_model.ts";
import { delta, DONE, event, FINISH, line, lineFor, said, stream, USAGE } from "./exchange_fixtures.ts";

/** Asked for and told. */
const SAME = [
  ["qwen2:7b", "qwen2:7b"],
  ["qwen2", "qwen2:latest"],
  ["Qwen/Qwen2.5-7B-Instruct", "qwen2.5-7b-instruct"],
  ["qwen2:7b", "Qwen2-7B-Instruct-Q4_K_M"],
  ["meta-llama/Llama-3.1-8B-Instruct", "/data/models/Llama-3.1-8B-Instruct"],
  ["llama3:8b", "Meta-Llama-3-8B-Instruct"],
  ["gpt-4o", "gpt-4o-2024-08-06"],
  ["openai/gpt-oss-20b", "gpt-oss:20b"],
  ["deepseek-r1:7b", "DeepSeek-R1-Distill-Qwen-7B"],
  ["Qwen/Qwen2.5-7B-Instruct-AWQ", "Qwen2.5-7B-Instruct"],
  ["hf.co/bartowski/Llama-3.2-1B-Instruct-GGUF:Q4_K_M", "hf.co/bartowski/Llama-3.2-1B-Instruct-GGUF:Q4_K_M"],
  ["gpt-4", "gpt-4-0613"],
  ["claude-sonnet-4-5", "claude-sonnet-4-5-20250929"],
  ["mistral-small-latest", "mistral-small-2503"],
  ["mistral-small", "mistral-small-latest"],
  ["mistral:7b", "mistralai_Mistral-7B-Instruct-v0.3"],
  ["llama3.1", "Meta-Llama-3.1-8B-Instruct"],
  ["llama3.2-vision:11b", "Llama-3.2-11B-Vision-Instruct"],
  ["codellama:7b", "CodeLlama-7b-Instruct-hf"],
  ["code-llama:7b", "codellama:7b"],
  ["qwen3:30b", "Qwen3-30B-A3B-GPTQ-Int4"],
  ["gemma3:4b", "google_gemma-3-4b-it-qat-q4_0.gguf"],
  ["mixtral:8x7b", "models--mistralai--Mixtral-8x7B-Instruct-v0.1"],
  ["llama2:7b", "llama-2-7b-chat.Q4_K_M.gguf"],
  ["llama3.1:8b", "RedHatAI/Meta-Llama-3.1-8B-Instruct-quantized.w4a16"],
  ["m", "M"],
  ["mock:ttft=4,gap=2,n=6", "mock:ttft=4,gap=2,n=6"],
] as const;
const OTHER = [
  ["qwen2:7b", "qwen2:72b"],
  ["qwen2:7b", "qwen2.5:7b"],
  ["llama3.1:8b", "llama3:8b"],
  ["phi3", "phi3.5"],
  ["mistral:7b", "mixtral:8x7b"],
  ["qwen2:7b", "gpt-4o-mini"],
  ["gpt-4o", "gpt-4o-mini"],
  ["openai/gpt-4o", "gpt-4o-mini-2024-07-18"],
  ["gpt-4o-2024-05-13", "gpt-4o-2024-08-06"],
  ["gemini-2.0-flash", "gemini-2.0-flash-lite"],
  ["microsoft/Phi-3-mini", "Phi-3-medium"],
  ["qwen2.5:7b", "qwen2.5-math:7b"],
  ["qwen2.5:7b", "qwen2.5:0.5b"],
  ["Qwen/Qwen2.5-7B-Instruct", "Qwen/Qwen2.5-Coder-7B-Instruct"],
  ["qwen3:30b", "qwen3-coder:30b"],
  ["qwen2:7b-instruct-q4_0", "Qwen2-7B-Instruct-Q4_K_M"],
  ["Mistral-7B-Instruct-v0.2", "Mistral-7B-Instruct-v0.3"],
  ["llama3:8b", "DeepSeek-R1-Distill-Llama-3-8B"],
  ["llama-70b", "llama-3-70b-draft-8b"],
  ["m", "n"],
  ["tgi", "meta-llama/Llama-3.1-8B-Instruct"],
] as const;
/** Names of files say what somebody called them. */
const UNKNOWN = [
  ["qwen2:7b", "/models/model.gguf"],
  ["qwen2:7b", "C:\\models\\ggml-model-q4_0.gguf"],
  ["qwen2:7b", "model.gguf"],
  ["/srv/models/own", "served"],
  ["qwen2:7b", ""],
] as const;

for (const [pairs, expected] of [[SAME, true], [OTHER, false], [UNKNOWN, null]] as const) {
  for (const [asked, told] of pairs) {
    Deno.test(`asked for ${asked}, answered by ${told || "nobody named"}: ${expected ?? "nobody knows"}`, () => {
      equal(isSameModel(asked, told), expected);
    });
  }
}

const of = (model: string | undefined) => ({
  model,
  choices: [{ index: 0, delta: { content: "a" }, finish_reason: null }],
});

Deno.test("a line says whether the model is the same, and names it where it is called otherwise", async () => {
  const found = async (...models: (string | undefined)[]) => {
    const { model, same_model } = await lineFor(
      "openai",
      stream(...models.map((each) => event(of(each))), FINISH, USAGE, DONE),
    );
    return [model, same_model];
  };
  deepEqual(await found("m", "m"), [undefined, true]);
  deepEqual(await found("M"), ["M", true]);
  deepEqual(await found("other:7b"), ["other:7b", false]);
  deepEqual(await found("m", "other:7b"), ["other:7b", false]);
  deepEqual(await found("/home/ann/secret/own.gguf"), ["own.gguf", undefined]);
  deepEqual(await found(undefined), [undefined, undefined]);
  const ollama = [
    line({ response: "a", done: false, model: "n:1b" }),
    line({ response: "", done: true, eval_count: 1, model: "n:1b" }),
  ];
  const { model, same_model } = await lineFor("ollama", stream(...ollama));
  deepEqual([model, same_model], ["n:1b", false]);
});

Deno.test("a stream in which one piece names another model is not the one that was asked for", async () => {
  const pieces = [event(of("m")), event(of("n:1b")), event(of("m")), delta({}, "stop"), USAGE, DONE];
  const { same_model, model } = await lineFor("openai", stream(said("a"), ...pieces));
  deepEqual([same_model, model], [false, "n:1b"]);
});
