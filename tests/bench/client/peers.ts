// Other load generators as their packages ship them: how each is told to keep c streams under way, and where it
// writes its 99th percentile of TTFT. All are run without GPU, hub or network.
import { join } from "node:path";

export interface Peer {
  readonly name: string;
  readonly packages: readonly string[];
  /** The command, given its environment's bin folder; `folder` holds prompts and tokenizer and takes its files. */
  command(bin: string, run: PeerRun): string[];
  /** Milliseconds. */
  p99TtftMs(folder: string): Promise<number>;
}

export interface PeerRun {
  readonly url: string;
  readonly model: string;
  readonly streams: number;
  readonly seconds: number;
  readonly folder: string;
}

/** Streams begin one after another, as the agent's do; vLLM's tool has no such option and begins all at once. */
const RAMP_SECONDS = 2;

const json = async (folder: string, name: string) => JSON.parse(await Deno.readTextFile(join(folder, name)));

export const PEERS: readonly Peer[] = [
  {
    name: "guidellm",
    packages: ["guidellm"],
    command: (bin, { url, model, streams, seconds, folder }) => [
      ...[join(bin, "guidellm"), "run", "--disable-console"],
      ...["--backend", `kind=openai_http,target=${url},model=${model}`],
      ...["--profile", `kind=concurrent,streams=${streams},rampup_duration=${RAMP_SECONDS}`],
      ...["--constraint", `kind=max_duration,seconds=${seconds}`],
      ...["--data", `kind=json_file,path=${join(folder, "prompts.jsonl")}`],
      ...["--output", `kind=json,path=${join(folder, "guidellm.json")}`],
    ],
    p99TtftMs: async (folder) =>
      (await json(folder, "guidellm.json")).benchmarks[0].metrics.time_to_first_token_ms.successful
        .percentiles
        .p99,
  },
  {
    name: "aiperf",
    packages: ["aiperf"],
    command: (bin, { url, model, streams, seconds, folder }) => [
      ...[join(bin, "aiperf"), "profile", "-m", model, "--url", url, "--ui", "none"],
      ...["--endpoint-type", "chat", "--streaming", "--use-server-token-count"],
      ...["--tokenizer", join(folder, "tokenizer")],
      ...["--input-file", join(folder, "prompts.jsonl"), "--custom-dataset-type", "single_turn"],
      ...["--concurrency", String(streams), "--benchmark-duration", String(seconds)],
      ...["--concurrency-ramp-duration", String(RAMP_SECONDS)],
      ...["--artifact-dir", join(folder, "aiperf")],
    ],
    p99TtftMs: async (folder) =>
      (await json(folder, "aiperf/profile_export_aiperf.json")).time_to_first_token.p99,
  },
  {
    name: "vllm bench serve",
    packages: ["vllm", "pandas", "datasets"],
    command: (bin, { url, model, streams, seconds, folder }) => [
      ...[join(bin, "vllm"), "bench", "serve", "--backend", "openai-chat", "--base-url", url],
      ...["--endpoint", "/v1/chat/completions", "--model", model],
      ...["--tokenizer", join(folder, "tokenizer")],
      ...["--dataset-name", "custom", "--dataset-path", join(folder, "prompts.jsonl")],
      ...["--skip-chat-template", "--custom-output-len", "100"],
      ...["--max-concurrency", String(streams), "--num-prompts", String(Math.ceil(streams * seconds / 2))],
      ...["--save-result", "--result-dir", folder, "--result-filename", "vllm.json"],
    ],
    p99TtftMs: async (folder) => (await json(folder, "vllm.json")).p99_ttft_ms,
  },
];
