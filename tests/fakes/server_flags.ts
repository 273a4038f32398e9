// The flags that vLLM, SGLang and llama-server know in tests, and their words for one that they do not.
import type { ServerName } from "./server.ts";

/** One that takes no value ends in `!`; of several spellings the first is its name. */
const FLAGS: Record<ServerName, readonly string[]> = {
  vllm: [
    "--host",
    "--port",
    "--max-model-len",
    "--max-num-seqs",
    "--max-num-batched-tokens",
    "--enable-prompt-tokens-details!",
    "--enforce-eager!",
    "--tensor-parallel-size -tp",
    "--pipeline-parallel-size -pp",
    "--data-parallel-size -dp",
    "--enable-expert-parallel!",
    "--gpu-memory-utilization",
    "--dtype",
    "--quantization -q",
    "--kv-cache-dtype",
    "--speculative-config -sc",
    "--enable-prefix-caching!",
    "--no-enable-prefix-caching!",
    "--trust-remote-code!",
    "--seed",
  ],
  sglang: [
    "--model-path --model",
    "--host",
    "--port",
    "--context-length",
    "--max-running-requests",
    "--enable-metrics!",
    "--enable-cache-report!",
    "--tensor-parallel-size --tp-size --tp",
    "--pipeline-parallel-size --pp-size --pp",
    "--data-parallel-size --dp-size --dp",
    "--mem-fraction-static",
    "--dtype",
    "--quantization",
    "--kv-cache-dtype",
    "--speculative-algorithm",
    "--speculative-num-steps",
    "--disable-radix-cache!",
    "--attention-backend",
    "--trust-remote-code!",
  ],
  "llama.cpp": [
    "-m --model",
    "-hf --hf-repo",
    "--alias -a",
    "--host",
    "--port",
    "--parallel -np",
    "--ctx-size -c",
    "-ngl --n-gpu-layers --gpu-layers",
    "--metrics!",
    "--split-mode -sm",
    "--tensor-split -ts",
    "--main-gpu -mg",
    "--flash-attn -fa",
    "--cache-type-k -ctk",
    "--cache-type-v -ctv",
    "--batch-size -b",
    "--ubatch-size -ub",
    "--threads -t",
  ],
};

/** Their words for a flag that they do not know. */
const UNKNOWN: Record<ServerName, (flag: string) => string> = {
  vllm: (flag) => `vllm: error: unrecognized arguments: ${flag}`,
  sglang: (flag) => `launch_server.py: error: unrecognized arguments: ${flag}`,
  "llama.cpp": (flag) => `error: invalid argument: ${flag}`,
};

/** The flags by their first spelling, `--flag value` or `--flag=value`; a word that is none is under "". A fault says why they are refused. */
export function flagsIn(
  name: ServerName,
  words: readonly string[],
): { readonly given: ReadonlyMap<string, string> } | { readonly fault: string } {
  const given = new Map<string, string>();
  for (let n = 0; n < words.length; n++) {
    const word = words[n] ?? "";
    const [, flag = word, value] = /^(--[^=]+)=(.*)$/s.exec(word) ?? [];
    const known = FLAGS[name].find((each) => each.replace("!", "").split(" ").includes(flag));
    if (!word.startsWith("-")) given.set("", word);
    else if (known === undefined) return { fault: UNKNOWN[name](word) };
    else if (known.endsWith("!")) given.set(flag, "");
    else {
      const told = value ?? words[++n];
      if (told === undefined) return { fault: `error: argument ${flag}: expected one argument` };
      given.set(known.split(" ")[0] ?? flag, told);
    }
  }
  return { given };
}

/** The model that they are to serve. */
export function modelIn(given: ReadonlyMap<string, string>): string | undefined {
  return given.get("--alias") ?? given.get("--model-path") ?? given.get("");
}

/** Whether what must be switched on is not: the counters, or vLLM's routes for developers. */
export function isBare(name: ServerName, given: ReadonlyMap<string, string>): boolean {
  if (name === "vllm") return Deno.env.get("VLLM_SERVER_DEV_MODE") !== "1";
  return !given.has(name === "sglang" ? "--enable-metrics" : "--metrics");
}

/** Their words for a port that another program holds. */
export const TAKEN: Record<ServerName, string> = {
  vllm: "OSError: [Errno 98] Address already in use",
  sglang: "ERROR:    [Errno 98] error while attempting to bind on address: address already in use",
  "llama.cpp": "main: couldn't bind HTTP server socket, hostname: 127.0.0.1, port: 0",
};
