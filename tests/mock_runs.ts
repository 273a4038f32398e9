// Runs of the real agent against the mock server, sealed and built: what the almanac says of an engine whose every time and count is known.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readConfig } from "../pipeline/agent/config.ts";
import { run } from "../pipeline/agent/run.ts";
import { buildData } from "../pipeline/build/mod.ts";
import { modelName, type Quirk } from "../pipeline/calibrate/mock/plan.ts";
import { startMock } from "../pipeline/calibrate/mock/process.ts";
import { Database } from "../pipeline/lib/duckdb.ts";
import { sealRawDirectory } from "../pipeline/lib/seal.ts";
import { list } from "../pipeline/query/mod.ts";
import { BenchmarkList } from "../pipeline/schema/api.ts";
import type { BenchmarkResult } from "../pipeline/schema/benchmark.ts";
import { LLAMA_SERVER_NAMES } from "../pipeline/schema/gauges.ts";
import { RUN } from "./e2e/cli.ts";
import { temporaryRoot } from "./fixtures.ts";

const agentFile = fileURLToPath(new URL("../pipeline/agent/main.ts", import.meta.url));
/** One stream: 24 tokens in half a second. */
const STREAM = { ttft: 40, gap: 20, n: 24 };

export interface MockRun {
  readonly stream?: Partial<typeof STREAM> & Record<string, number>;
  readonly quirks?: readonly Quirk[];
  readonly env?: Readonly<Record<string, string>>;
  /** Goes on while it is measured. */
  readonly disturb?: () => Disposable;
}

/** The agent in a process of its own, as on a machine: its CPU time is its own, and no other test's programs are on its PATH. */
async function agentAlone(settings: Readonly<Record<string, string>>): Promise<void> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...RUN, "--quiet", agentFile],
    env: { ...settings, PATH: "/usr/local/bin:/usr/bin:/bin" },
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}

/** The benchmarks of `runs`, each with its entry `run-<n>`; `parallel` of them are measured at once, each against a server of its own. */
export async function benchmarksOf(runs: readonly MockRun[], parallel = 1): Promise<BenchmarkResult[]> {
  await using root = await temporaryRoot();
  const { signal } = new AbortController();
  const waiting = [...runs.entries()];
  const worker = async () => {
    await using server = await startMock();
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [n, { stream, quirks, env, disturb }] = next;
      const entry_id = `run-${n}`;
      const out = join(root.paths.raw, "r1", entry_id);
      const numbers = { ...STREAM, ...stream };
      const settings = {
        ENGINE: "openai",
        URL: server.url,
        MODEL: modelName(numbers, quirks),
        MAX_TOKENS: String(numbers.n),
        METRICS_URL: `${server.url}/metrics`,
        METRICS_NAMES: JSON.stringify(LLAMA_SERVER_NAMES),
        CONCURRENCY: "8",
        DURATION: "0.9",
        WARMUP: "8",
        OUT: out,
        ...env,
      };
      if (disturb === undefined) await agentAlone(settings);
      else {
        using _disturbed = disturb();
        await run(readConfig(settings, new Date()), signal, {
          progress: () => undefined,
          ended: () => undefined,
        });
      }
      const source = { provider: "local", location: null, price_per_hour: null, origin: "measured" } as const;
      const collected_at = new Date().toISOString();
      await sealRawDirectory(out, { run_id: "r1", entry_id, collected_at, ...source });
    }
  };
  await Promise.all(Array.from({ length: parallel }, worker));
  await buildData(root.paths, root.log);
  using db = await Database.reading(root.paths.database);
  return BenchmarkList.parse(await list(db, { limit: 200 })).benchmarks;
}
