// llama.cpp's llama-server: from PATH or its CUDA image ghcr.io/ggml-org/llama.cpp:server-cuda, else its Vulkan release:
// the project publishes no CUDA build for Linux but in that image.
import { Failure } from "../schema/failures.ts";
import { LLAMA_SERVER_NAMES } from "../schema/gauges.ts";
import { mostInFlight } from "../schema/load.ts";
import type { EngineHost, EngineWorld } from "./engine.ts";
import { install, NEED } from "./install.ts";
import { openaiServer } from "./openai_server.ts";

const TITLE = "llama.cpp";

/** $1 our folder. The newest release may still lack its files, so the newest that has them is taken. */
const INSTALL = `set -e
home="$1/llama.cpp"
for at in llama-server /app/llama-server; do command -v "$at" && exit 0; done
[ -e "$home/whole" ] && { find "$home" -name llama-server | head -n 1; exit 0; }
${NEED}
need curl tar gzip
need_packages libgomp1 libvulkan1
case "$(uname -m)" in x86_64) arch=x64;; aarch64) arch=arm64;; *) echo "there is no release for $(uname -m)"; exit 1;; esac
releases=$(curl -fsSL 'https://api.github.com/repos/ggml-org/llama.cpp/releases?per_page=30')
url=$(printf '%s\\n' "$releases" | grep -o "https://[^\\"]*-bin-ubuntu-vulkan-$arch\\.tar\\.gz" | head -n 1)
[ -n "$url" ] || { echo "no release has a file for ubuntu-vulkan-$arch"; exit 1; }
rm -rf "$home"; mkdir -p "$home"
curl -fsSL -o "$home/release.tar.gz" "$url"
tar -xzf "$home/release.tar.gz" -C "$home"
rm "$home/release.tar.gz"; touch "$home/whole"
find "$home" -name llama-server | head -n 1 | grep .`;

export const llamaCpp = openaiServer({
  name: "llama.cpp",
  title: TITLE,
  job: "llama-cpp",
  defaultUrl: "http://127.0.0.1:8080",
  install: (host, world) => install(TITLE, INSTALL, [host.workdir], host, world),
  prove: proveGpu,
  // Its slots share the context.
  flags: (capacity) => {
    const slots = mostInFlight(capacity);
    return [
      "--parallel",
      String(slots),
      "--ctx-size",
      String(slots * capacity.context_tokens),
      "-ngl",
      "99",
      "--metrics",
    ];
  },
  command: (program, model, port, flags) => [
    program,
    model.endsWith(".gguf") ? "-m" : "-hf",
    model,
    // It lists and takes the model under this name.
    "--alias",
    model,
    "--host",
    "127.0.0.1",
    "--port",
    String(port),
    ...flags,
  ],
  env: {},
  versions: [{ path: "/props", key: "build_info" }],
  // The agent's requests say cache_prompt: false.
  reset: null,
  gauges: LLAMA_SERVER_NAMES,

  canServe(model) {
    if (model.startsWith("synthetic:")) return "a synthetic model is for the embedded engine";
    if (model.endsWith(".gguf")) return null;
    const [repository = "", quantization] = model.split(":");
    const isRepository = /^[\w.-]+\/[\w.-]+$/.test(repository);
    if (isRepository && (quantization !== undefined || /gguf/i.test(repository))) return null;
    // The alias of a server that already runs.
    if (!isRepository && quantization === undefined) return null;
    return "llama.cpp serves GGUF files: a path that ends in .gguf, or a repository at Hugging Face with its quantisation, such as Qwen/Qwen2.5-7B-Instruct-GGUF:Q4_K_M";
  },
});

/** Without a GPU that it can use it would serve from the processor and say so only in its log. */
async function proveGpu(program: string, host: EngineHost, world: EngineWorld): Promise<void> {
  const lines: string[] = [];
  const keep = (line: string) => void lines.push(line);
  await host.run([program, "--list-devices"], { signal: world.signal, onStdout: keep, onStderr: keep });
  const devices = lines.filter((line) => /^\s+\w+\d+:/.test(line) && !/llvmpipe/i.test(line));
  if (devices.length > 0) return;
  throw new Failure("cuda_failed", `Cannot use the GPU: ${TITLE} finds none`, {
    hint:
      "Name an image with a CUDA build of it as offers.image, such as ghcr.io/ggml-org/llama.cpp:server-cuda.",
  });
}
