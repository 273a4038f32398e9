// vLLM: https://docs.vllm.ai. Its image vllm/vllm-openai brings it; elsewhere uv installs it.
import { mostInFlight } from "../schema/load.ts";
import { whyNoHubModel } from "./hub_name.ts";
import { openaiServer } from "./openai_server.ts";
import { installPython } from "./python_venv.ts";

const TITLE = "vLLM";

export const vllm = openaiServer({
  name: "vllm",
  title: TITLE,
  job: "vllm",
  // The wheels are built for one CUDA; `auto` takes the one that the driver knows.
  install: (choice, host, world) =>
    installPython(
      {
        title: TITLE,
        package: "vllm",
        program: "vllm",
        probe: "",
        tells: ["--version"],
        options: ["--torch-backend=auto"],
      },
      choice,
      host,
      world,
    ),
  flags: (capacity) => [
    "--max-model-len",
    String(capacity.context_tokens),
    "--max-num-seqs",
    String(mostInFlight(capacity)),
    // Without it no request tells how much of its prompt came from the cache.
    "--enable-prompt-tokens-details",
  ],
  command: (program, model, port, flags) => [
    program,
    "serve",
    model,
    "--host",
    "127.0.0.1",
    "--port",
    String(port),
    ...flags,
  ],
  // Without it there is no /reset_prefix_cache.
  env: { VLLM_SERVER_DEV_MODE: "1" },
  versions: [{ path: "/version", key: "version" }],
  reset: "/reset_prefix_cache",
  gauges: {
    running: ["vllm:num_requests_running"],
    waiting: ["vllm:num_requests_waiting"],
    generation_tokens: ["vllm:generation_tokens"],
    prompt_tokens: ["vllm:prompt_tokens"],
    // The second is its name in vLLM V0.
    kv_usage: ["vllm:kv_cache_usage_perc", "vllm:gpu_cache_usage_perc"],
  },
  canServe: (model) => whyNoHubModel(TITLE, model),
});
