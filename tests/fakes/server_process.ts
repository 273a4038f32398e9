// The program `vllm`, `python3 -m sglang.launch_server` or `llama-server` of a machine in tests: SERVER names which, its first
// argument says what is broken. It refuses flags that the real one does not know.
import { answering, type ServerFaults, type ServerName } from "./server.ts";

export interface ProcessFaults extends ServerFaults {
  /** Print these lines and end. */
  readonly dies?: readonly string[];
  /** Print these lines and go on. */
  readonly prints?: readonly string[];
  /** Serve the model under another name. */
  readonly renamed?: string;
}

const FLAGS: Record<ServerName, readonly string[]> = {
  vllm: [
    "--host",
    "--port",
    "--max-model-len",
    "--max-num-seqs",
    "--tensor-parallel-size",
    "--pipeline-parallel-size",
    "--enable-prompt-tokens-details!",
    "--enforce-eager!",
  ],
  sglang: [
    "--model-path",
    "--host",
    "--port",
    "--context-length",
    "--max-running-requests",
    "--tensor-parallel-size",
    "--enable-metrics!",
    "--enable-cache-report!",
  ],
  "llama.cpp": [
    "-m",
    "-hf",
    "--alias",
    "--host",
    "--port",
    "--parallel",
    "--ctx-size",
    "-ngl",
    "--metrics!",
  ],
};
const TAKEN: Record<ServerName, string> = {
  vllm: "OSError: [Errno 98] Address already in use",
  sglang: "ERROR:    [Errno 98] error while attempting to bind on address: address already in use",
  "llama.cpp": "main: couldn't bind HTTP server socket, hostname: 127.0.0.1, port: 0",
};
const UNKNOWN: Record<ServerName, (flag: string) => string> = {
  vllm: (flag) => `vllm: error: unrecognized arguments: ${flag}`,
  sglang: (flag) => `launch_server.py: error: unrecognized arguments: ${flag}`,
  "llama.cpp": (flag) => `error: invalid argument: ${flag}`,
};

function print(lines: readonly string[]): void {
  Deno.stderr.writeSync(new TextEncoder().encode(lines.map((line) => `${line}\n`).join("")));
}

function end(...lines: readonly string[]): never {
  print(lines);
  Deno.exit(1);
}

/** The options; words that are none are under "". */
function options(name: ServerName, words: readonly string[]): Map<string, string> {
  const given = new Map<string, string>();
  for (let n = 0; n < words.length; n++) {
    const word = words[n] ?? "";
    if (!word.startsWith("-")) given.set("", word);
    else if (FLAGS[name].includes(`${word}!`)) given.set(word, "");
    else if (FLAGS[name].includes(word)) given.set(word, words[++n] ?? end(`${word} lacks its value`));
    else end(UNKNOWN[name](word));
  }
  return given;
}

const name = Deno.env.get("SERVER") as ServerName;
const [broken = "", ...words] = Deno.args;
const version = Deno.env.get("SERVER_VERSION");
const faults: ProcessFaults = {
  ...(version === undefined ? {} : { version }),
  ...JSON.parse(decodeURIComponent(broken)),
};
if (faults.dies !== undefined) end(...faults.dies);
const given = options(name, words);
const model = given.get("--alias") ?? given.get("--model-path") ?? given.get("") ?? end("no model");
const bare = (name === "vllm" && Deno.env.get("VLLM_SERVER_DEV_MODE") !== "1") ||
  (name === "sglang" && !given.has("--enable-metrics")) ||
  (name === "llama.cpp" && !given.has("--metrics"));
try {
  Deno.serve({
    hostname: given.get("--host") ?? "0.0.0.0",
    port: Number(given.get("--port")),
    onListen: () => print(faults.prints ?? []),
  }, answering(name, [faults.renamed ?? model], { ...faults, bare }));
} catch (error) {
  if (error instanceof Deno.errors.AddrInUse) end(TAKEN[name]);
  throw error;
}
