// A machine of ours, on this computer, on whose PATH the programs of an engine lie, or only what installs them.
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { EngineHost } from "../../pipeline/engines/engine.ts";
import { here } from "../../pipeline/machines/here.ts";
import type { JobOrder } from "../../pipeline/machines/machine.ts";
import type { ServerName } from "./server.ts";
import type { ProcessFaults } from "./server_process.ts";

export interface MachineOptions {
  /** False: the engine must be installed. */
  readonly installed?: boolean;
  readonly faults?: ProcessFaults;
  /** What its installer prints before it fails. */
  readonly installFails?: string;
  /** What `llama-server --list-devices` tells. */
  readonly devices?: string;
}

export interface ServerMachine extends AsyncDisposable {
  readonly host: EngineHost;
  /** Jobs that were started, oldest first. */
  readonly orders: readonly JobOrder[];
  /** What its installers were asked to do, oldest first. */
  installs(): Promise<string[]>;
}

const PROCESS = join(dirname(fileURLToPath(import.meta.url)), "server_process.ts");
const PROGRAMS: Record<ServerName, string> = {
  vllm: "vllm",
  sglang: "python3",
  "llama.cpp": "llama-server",
};
const GPU = "  CUDA0: NVIDIA GeForce RTX 4090 (24217 MiB, 23873 MiB free)";

/** Such a machine for engine `name`. */
export async function serverMachine(name: ServerName, options: MachineOptions = {}): Promise<ServerMachine> {
  const { installed = true, faults = {}, installFails, devices } = options;
  const root = await Deno.makeTempDir();
  const [bin, state, log] = [join(root, "bin"), join(root, "state"), join(root, "installs")];
  for (const folder of [bin, state]) await Deno.mkdir(folder);
  const [program, text] = serverProgram(name, faults, devices);
  const write = (folder: string, file: string, text: string) =>
    Deno.writeTextFile(join(folder, file), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  await write(installed ? bin : state, program, text);
  const fail = installFails === undefined ? "" : `echo '${installFails}' >&2; exit 1`;
  await write(state, "uv", uv(log, `${state}/${program}`, fail));
  await write(bin, "curl", curl(log, state, fail));
  for (const file of ["apt-get", "sudo"]) await write(bin, file, `echo "${file} $*" >>'${log}'`);
  const PATH = `${bin}:/usr/bin:/bin`;
  const machine = await here(join(root, "work"), new AbortController().signal);
  const orders: JobOrder[] = [];
  return {
    orders,
    installs: async () => (await Deno.readTextFile(log).catch(() => "")).split("\n").slice(0, -1),
    host: {
      workdir: machine.workdir,
      port: freePort(),
      run: (command, run) => machine.run(command, { ...run, env: { ...run?.env, PATH } }),
      launch: (order) => {
        orders.push(order);
        return machine.launch({ ...order, env: { ...order.env, PATH } });
      },
    },
    [Symbol.asyncDispose]: () => Deno.remove(root, { recursive: true }),
  };
}

/** Name and text of the program, for a shell. */
export function serverProgram(name: ServerName, faults: ProcessFaults = {}, devices = GPU): [string, string] {
  const broken = encodeURIComponent(JSON.stringify(faults)).replaceAll("'", "%27");
  const serve = `SERVER=${name} exec '${Deno.execPath()}' run -A --no-config '${PROCESS}' '${broken}' "$@"`;
  return [PROGRAMS[name], `${QUESTIONS[name](devices)}\n${serve}`];
}

/** What the program answers besides serving. */
const QUESTIONS: Record<ServerName, (devices: string) => string> = {
  vllm: () => "",
  sglang: () => '[ "$1" = -c ] && exit 0\n[ "$1 $2" = "-m sglang.launch_server" ] || exit 2\nshift 2',
  "llama.cpp": (devices) =>
    `[ "$1" = --list-devices ] && { printf '%s\\n' 'Available devices:' '${devices}'; exit 0; }`,
};

function uv(log: string, program: string, fail: string): string {
  return `echo "uv $*" | sed "s|$HOME|~|g" >>'${log}'
for last; do :; done
case "$1 $2" in
  "venv --clear") mkdir -p "$last/bin";;
  "pip install") ${fail || ":"}; cp '${program}' "$(dirname "$4")";;
  *) exit 2;;
esac`;
}

/** The installer of uv, the list of llama.cpp's releases, and a release. The newest release has no file yet. */
function curl(log: string, state: string, fail: string): string {
  const releases = "https://github.com/ggml-org/llama.cpp/releases/download";
  return `for last; do :; done
echo "curl $last" >>'${log}'
case "$*" in
  *astral.sh/uv/install.sh*)
    echo "mkdir -p \\"\\$UV_UNMANAGED_INSTALL\\"; cp '${state}/uv' \\"\\$UV_UNMANAGED_INSTALL\\"";;
  *api.github.com*) ${fail || ":"}
    for tag in b10357 b10356; do
      echo '[{"tag_name": "'$tag'", "assets": ['
      [ $tag = b10357 ] || for arch in x64 arm64 vulkan-x64 vulkan-arm64; do
        echo '{"browser_download_url": "${releases}/'$tag/llama-$tag-bin-ubuntu-$arch.tar.gz'"},'
      done
      echo ']}]'
    done;;
  *releases/download*) mkdir -p '${state}/llama-b10356'; cp '${state}/llama-server' '${state}/llama-b10356'
    tar -czf "$3" -C '${state}' llama-b10356;;
  *) exit 22;;
esac`;
}

/** A port that is free, and likely those after it. */
function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return (listener.addr as Deno.NetAddr).port;
}
