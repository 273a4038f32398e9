// What an engine, a driver or a machine tells of itself may be no number that can be: the evidence that the agent writes is taken all the same.
import { deepEqual, equal, match } from "node:assert/strict";
import { join } from "node:path";
import { readConfig } from "../pipeline/agent/config.ts";
import { Evidence, type Story } from "../pipeline/agent/evidence.ts";
import { named } from "../pipeline/agent/gpu_names.ts";
import { UNKNOWN_HARDWARE } from "../pipeline/agent/hardware.ts";
import { promptPlanOf } from "../pipeline/agent/prompts.ts";
import { readProcesses } from "../pipeline/agent/nvidia_smi.ts";
import { Metadata } from "../pipeline/schema/metadata.ts";
import { RequestLine } from "../pipeline/schema/request.ts";
import { DONE, event, FINISH, line, lineOfHeard, said } from "./exchange_fixtures.ts";

const NUMBERS = [-1, 0.5, 4_294_967_295, 18_446_744_073_709_551_615, 1e13, 1e30, 1e300];
const FIELDS = {
  usage: ["prompt_tokens", "completion_tokens", "reasoning_tokens"],
  timings: ["prompt_n", "predicted_n", "cache_n", "prompt_ms", "predicted_ms"],
};
const OLLAMA = [
  "eval_count",
  "prompt_eval_count",
  "prompt_eval_cached_count",
  "total_duration",
  "load_duration",
  "prompt_eval_duration",
  "eval_duration",
];

Deno.test("a line with whatever an engine counted is one that every build takes", () => {
  for (const number of NUMBERS) {
    for (const [part, keys] of Object.entries(FIELDS)) {
      for (const key of keys) {
        const told = event({ choices: [], [part]: { [key]: number } });
        const taken = lineOfHeard("openai", [[1, said("a") + said("b")], [9, FINISH + told + DONE]]);
        deepEqual([taken.err, RequestLine.safeParse(taken).success], [false, true], `${key} ${number}`);
      }
    }
    for (const key of OLLAMA) {
      const last = line({ response: "", done: true, done_reason: "stop", [key]: number });
      const taken = lineOfHeard("ollama", [[1, line({ response: "a", done: false })], [9, last]]);
      deepEqual([taken.err, RequestLine.safeParse(taken).success], [false, true], `${key} ${number}`);
    }
  }
});

/** What the agent writes of such a run, and its log. */
async function written(changes: Partial<Story>) {
  const out = await Deno.makeTempDir();
  try {
    const config = readConfig({ MODEL: "m" }, new Date(0));
    using evidence = new Evidence(out, config);
    evidence.metadata({
      config,
      started_at: "2026-01-01T00:00:00Z",
      completed_at: null,
      agent_runtime: "deno",
      hostname: "h",
      host_id: "x",
      hardware: UNKNOWN_HARDWARE,
      model: { name: "m" },
      plan: promptPlanOf(config, "x"),
      telemetry: null,
      levels: [],
      total_requests: 1,
      total_tokens: 1,
      ...changes,
    });
    const metadata = Metadata.parse(JSON.parse(await Deno.readTextFile(join(out, "metadata.json"))));
    return { metadata, log: await Deno.readTextFile(join(out, "agent.log")) };
  } finally {
    await Deno.remove(out, { recursive: true });
  }
}

Deno.test("metadata leaves out a figure that no model has, says so, and keeps the others", async () => {
  const { metadata, log } = await written({ model: { name: "m", family: "qwen2", context_tokens: 1e30 } });
  deepEqual([metadata.model.family, metadata.model.context_tokens], ["qwen2", null]);
  match(log, /metadata\.json leaves out what nothing can be: model\.context_tokens: it is 1e\+30/);
});

Deno.test("metadata takes a process of another whose name holds what cannot be seen", async () => {
  const processes_before = readProcesses(
    "7, /opt/caf\u200be, 500, GPU-1\n8, /opt/x, 99999999999999999999, GPU-1\n",
  );
  const { metadata } = await written({
    telemetry: { program: "nvidia-smi", failures: [], processes_before },
  });
  const told = metadata.telemetry?.processes_before?.map((
    { name, used_memory_mib },
  ) => [name, used_memory_mib]);
  deepEqual(told, [["/opt/cafe", 500], ["/opt/x", null]]);
});

Deno.test("a machine with many kinds of GPUs has a name that is cut", async () => {
  const kinds = ["1g.10gb", "1g.10gb+me", "1g.20gb", "2g.20gb", "3g.40gb", "4g.40gb", "7g.80gb"];
  const hardware = named(
    kinds.map((kind) => ({ name: `NVIDIA A100-SXM4-80GB MIG ${kind}`, memory_mib: null })),
  );
  const { gpu_name, gpu_names } = (await written({ hardware })).metadata.hardware;
  equal(gpu_name?.length, 200);
  equal(gpu_names?.length, 7);
});
