// One run of another load generator, watched from outside: what the server sent, and the CPU time of all its processes.
import { join } from "node:path";
import { percentile } from "../../../pipeline/agent/percentile.ts";
import { startMock } from "../../../pipeline/calibrate/mock/process.ts";
import type { Told } from "../../../pipeline/calibrate/mock/told.ts";
import type { Peer } from "./peers.ts";
import { cpuOfTree } from "./process_tree.ts";

export interface PeerFigures {
  readonly streams: number;
  readonly chunks_per_second: number;
  readonly cpu_us_per_chunk: number;
  /** Its own 99th percentile of TTFT less the server's. */
  readonly p99_ttft_error_ms: number;
}

const MODEL = "mock:n=100";
const SECONDS = 20;
const SETTLE_MS = 3000;
const WINDOW_MS = 5000;
const START_LIMIT_MS = 120_000;
const RUN_LIMIT_MS = 300_000;

/** Runs `peer` at one level; throws with its last words when it fails. */
export async function runPeer(peer: Peer, bin: string, streams: number): Promise<PeerFigures> {
  const folder = await Deno.makeTempDir();
  await using server = await startMock();
  try {
    await writeInputs(folder);
    const [program = "", ...args] = peer.command(bin, {
      ...{ url: server.url, model: MODEL, streams, seconds: SECONDS, folder },
    });
    const child = new Deno.Command(program, {
      args,
      cwd: folder,
      signal: AbortSignal.timeout(RUN_LIMIT_MS),
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    })
      .spawn();
    const output = child.output();
    const watched = await watch(server.url, child.pid, streams, output);
    const { success, stdout, stderr } = await output;
    if (!success) throw new Error(lastError(stdout, stderr));
    if (watched === null) throw new Error("it ended before all streams had been under way for long enough");
    const told = await ask<Told[]>(server.url, "told");
    const truth = percentile(
      told.flatMap(({ sent_ms: [first], received_ms }) => first === undefined ? [] : [first - received_ms]),
      0.99,
    );
    return { streams, ...watched, p99_ttft_error_ms: await peer.p99TtftMs(folder) - (truth ?? NaN) };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The last line that speaks of an error, else the last one. */
function lastError(...outputs: Uint8Array<ArrayBuffer>[]): string {
  const lines = outputs.flatMap((bytes) => new TextDecoder().decode(bytes).trim().split("\n"));
  return lines.findLast((line) => /error/i.test(line)) ?? lines.at(-1) ?? "it ended without a word";
}

/** Looks at a window that begins once all streams are under way; null when the peer ended before. */
async function watch(
  url: string,
  pid: number,
  streams: number,
  ended: Promise<unknown>,
): Promise<Pick<PeerFigures, "chunks_per_second" | "cpu_us_per_chunk"> | null> {
  let isOver = false;
  ended.finally(() => isOver = true);
  const deadline = performance.now() + START_LIMIT_MS;
  while ((await ask<Sent>(url, "sent")).streams < 0.9 * streams) {
    if (isOver || performance.now() > deadline) return null;
    await pause(100);
  }
  await pause(SETTLE_MS);
  const [began, cpu, before] = [performance.now(), cpuOfTree(pid), await ask<Sent>(url, "sent")];
  await pause(WINDOW_MS);
  if (isOver) return null;
  const [ends, cpuEnd, after] = [performance.now(), cpuOfTree(pid), await ask<Sent>(url, "sent")];
  const chunks = after.chunks - before.chunks;
  return {
    chunks_per_second: chunks / ((ends - began) / 1000),
    cpu_us_per_chunk: (cpuEnd - cpu) / chunks,
  };
}

interface Sent {
  readonly streams: number;
  readonly chunks: number;
}

async function ask<T>(url: string, what: string): Promise<T> {
  return await (await fetch(`${url}/mock/${what}`)).json() as T;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Prompts, and the smallest tokenizer that the peers load: none of them counts with it what the server counts. */
async function writeInputs(folder: string): Promise<void> {
  const prompts = Array.from(
    { length: 2000 },
    (_, n) => JSON.stringify({ prompt: `prompt ${n}`, text: `prompt ${n}` }),
  );
  await Deno.writeTextFile(join(folder, "prompts.jsonl"), `${prompts.join("\n")}\n`);
  await Deno.mkdir(join(folder, "tokenizer"));
  const write = (name: string, value: unknown) =>
    Deno.writeTextFile(join(folder, "tokenizer", name), JSON.stringify(value));
  await write("tokenizer_config.json", { tokenizer_class: "PreTrainedTokenizerFast", unk_token: "[UNK]" });
  await write("tokenizer.json", {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: { type: "Whitespace" },
    post_processor: null,
    decoder: null,
    model: { type: "WordLevel", vocab: { "[UNK]": 0 }, unk_token: "[UNK]" },
  });
}
