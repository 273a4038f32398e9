// SGLang: https://docs.sglang.io. Its image lmsysorg/sglang brings it; elsewhere uv installs it.
import { mostInFlight } from "../schema/load.ts";
import { whyNoHubModel } from "./hub_name.ts";
import { openaiServer } from "./openai_server.ts";
import { installPython } from "./python_venv.ts";

const TITLE = "SGLang";
/** Looks for the package without the half minute that importing it takes. */
const PROBE = "import importlib.util as u, sys; sys.exit(u.find_spec('sglang') is None)";

export const sglang = openaiServer({
  name: "sglang",
  title: TITLE,
  job: "sglang",
  install: (choice, host, world) =>
    installPython(
      {
        title: TITLE,
        package: "sglang",
        program: "python3",
        probe: PROBE,
        tells: ["-c", "import importlib.metadata as m; print(m.version('sglang'))"],
        options: [],
      },
      choice,
      host,
      world,
    ),
  flags: (capacity) => [
    "--context-length",
    String(capacity.context_tokens),
    "--max-running-requests",
    String(mostInFlight(capacity)),
    "--enable-metrics",
    // Without it no request tells how much of its prompt came from the cache.
    "--enable-cache-report",
  ],
  command: (python, model, port, flags) => [
    python,
    "-m",
    "sglang.launch_server",
    "--model-path",
    model,
    "--host",
    "127.0.0.1",
    "--port",
    String(port),
    ...flags,
  ],
  env: {},
  // The second is the older name of the first.
  versions: [{ path: "/server_info", key: "version" }, { path: "/get_server_info", key: "version" }],
  reset: "/flush_cache",
  gauges: {
    running: ["sglang:num_running_reqs"],
    waiting: ["sglang:num_queue_reqs"],
    generation_tokens: ["sglang:generation_tokens"],
    prompt_tokens: ["sglang:prompt_tokens"],
    kv_usage: ["sglang:token_usage"],
  },
  canServe: (model) => whyNoHubModel(TITLE, model),
});
