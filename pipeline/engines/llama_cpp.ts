// llama.cpp's llama-server: from PATH or its CUDA image ghcr.io/ggml-org/llama.cpp:server-cuda, else its Vulkan build.
import { FETCH, NEED } from "../machines/installing.ts";
import { Failure } from "../schema/failures.ts";
import { LLAMA_SERVER_NAMES } from "../schema/gauges.ts";
import { mostInFlight } from "../schema/load.ts";
import type { EngineHost, EngineWorld } from "./engine.ts";
import { install, TELL } from "./install.ts";
import { openaiServer } from "./openai_server.ts";

const TITLE = "llama.cpp";

/**
 * $1 our folder, $2 the build that is asked for, $3 the usual one, $4 and $5 its checksums. A stable release has no file but one
 * that names its build; of other builds GitHub tells the digest.
 */
const INSTALL = `set -e
home="$1/llama.cpp" asked=$2 usual=$3 x86_64=$4 aarch64=$5
releases=https://github.com/ggml-org/llama.cpp/releases
${TELL}
for at in llama-server /app/llama-server; do own=$(command -v "$at") && break; done
[ -z "$own" ] || [ -n "$asked" ] || { tell "$own" "" image ""; exit 0; }
${NEED}
${FETCH}
need curl tar gzip
wanted=\${asked:-$usual}
if [ "$wanted" = latest ]; then
  mkdir -p "$home"; fetch "$releases/latest/download/nightly-tag.txt" "$home/latest"
  wanted=$(tr -d '\\r\\n' <"$home/latest")
  case "\${wanted#b}" in "$wanted"|''|*[!0-9]*) echo "the newest release names no build: $wanted" >&2; exit 1;; esac
fi
if [ -n "$own" ]; then
  told=b$("$own" --version 2>&1 | sed -n -e 's/.*build \\([0-9]*\\).*/\\1/p' -e 's/^version: \\([0-9]*\\) .*/\\1/p' | head -n 1)
  [ "$told" = "$wanted" ] && { tell "$own" "$told" image ""; exit 0; }
  echo "the image brings llama.cpp $told; $wanted comes beside it" >&2
fi
at="$home/$wanted"
[ -e "$at/whole" ] && { cat "$at/whole"; exit 0; }
need_packages libgomp1 libvulkan1
case "$(uname -m)" in
  x86_64) arch=x64 sum=$x86_64;;
  aarch64) arch=arm64 sum=$aarch64;;
  *) echo "there is no release for $(uname -m)" >&2; exit 1;;
esac
[ "$wanted" = "$usual" ] || sum=
rm -rf "$home"; mkdir -p "$at"
url="$releases/download/$wanted/llama-$wanted-bin-ubuntu-vulkan-$arch.tar.gz"
asset "$url" "$at/release.tar.gz" "$sum" "https://api.github.com/repos/ggml-org/llama.cpp/releases/tags/$wanted"
tar -xzf "$at/release.tar.gz" -C "$at"
rm "$at/release.tar.gz"
program=$(find "$at" -name llama-server | head -n 1)
[ -n "$program" ] || { echo "there is no llama-server in $url" >&2; exit 1; }
tell "$program" "$wanted" "$url" "$sha256" >"$at/whole"
cat "$at/whole"`;

export const llamaCpp = openaiServer({
  name: "llama.cpp",
  title: TITLE,
  job: "llama-cpp",
  install: ({ version: asked = "" }, host, world) => {
    const { version, sha256 } = world.releases["llama.cpp"];
    const args = [host.workdir, asked, version, sha256?.x86_64 ?? "", sha256?.aarch64 ?? ""];
    return install(TITLE, INSTALL, args, asked === "" ? null : asked, host, world);
  },
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
  const devices = lines.filter((line) => /^\s+\w*\d:/.test(line) && !/llvmpipe/i.test(line));
  if (devices.length > 0) return;
  throw new Failure("cuda_failed", `Cannot use the GPU: ${TITLE} finds none`, {
    hint:
      "Name an image with a CUDA build of it as offers.image, such as ghcr.io/ggml-org/llama.cpp:server-cuda.",
  });
}
