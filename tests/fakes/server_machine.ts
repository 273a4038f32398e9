// A machine of ours, on this computer, on whose PATH the programs of an engine lie, or only what installs them.
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { EngineHost } from "../../pipeline/engines/engine.ts";
import { realClock } from "../../pipeline/lib/clock.ts";
import { sha256Hex } from "../../pipeline/lib/files.ts";
import { here } from "../../pipeline/machines/here.ts";
import type { JobOrder } from "../../pipeline/machines/machine.ts";
import { RELEASES, type Releases } from "../../pipeline/schema/releases.ts";
import { fakeCurl, gives, MISSING, type Route, says } from "./curl.ts";
import { type ServerName, VERSIONS } from "./server.ts";
import type { ProcessFaults } from "./server_process.ts";
import { tarOf } from "./tar.ts";

export interface MachineOptions {
  /** False: the engine must be installed. */
  readonly installed?: boolean;
  /** The version that the image brings. */
  readonly version?: string;
  readonly faults?: ProcessFaults;
  readonly gpu_count?: number;
  /** The user's variables. */
  readonly variables?: Readonly<Record<string, string>>;
  /** What its installer prints before it fails. */
  readonly installFails?: string;
  /** What comes is not what its publisher made: the file, or a package that uv fetches. */
  readonly altered?: "file" | "package";
  /** What `llama-server --list-devices` tells. */
  readonly devices?: string;
}

export interface ServerMachine extends AsyncDisposable {
  readonly host: EngineHost;
  /** The versions that are installed there. */
  readonly releases: Releases;
  /** Jobs that were started, oldest first. */
  readonly orders: readonly JobOrder[];
  /** What its installers were asked to do, oldest first. */
  installs(): Promise<string[]>;
}

/** The newest versions that their publishers have. */
export const NEWEST: Record<ServerName, string> = { vllm: "0.12.0", sglang: "0.6.0", "llama.cpp": "b10400" };

const PROCESS = join(dirname(fileURLToPath(import.meta.url)), "server_process.ts");
const PROGRAMS: Record<ServerName, string> = {
  vllm: "vllm",
  sglang: "python3",
  "llama.cpp": "llama-server",
};
const GPU = "  CUDA0: NVIDIA GeForce RTX 4090 (24217 MiB, 23873 MiB free)";
const LLAMA = "https://github.com/ggml-org/llama.cpp/releases";
const UV = "https://github.com/astral-sh/uv/releases/download";

/** Such a machine for engine `name`. */
export async function serverMachine(name: ServerName, options: MachineOptions = {}): Promise<ServerMachine> {
  const { installed = true, version, faults = {}, devices, gpu_count = 1, variables = {} } = options;
  const root = await Deno.makeTempDir();
  const [bin, state, log] = [join(root, "bin"), join(root, "state"), join(root, "installs")];
  for (const folder of [bin, state]) await Deno.mkdir(folder);
  const write = (file: string, text: string) =>
    Deno.writeTextFile(join(bin, file), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  if (installed) await write(...serverProgram(name, faults, devices, version));
  const programOf = (version: string) => `#!/bin/sh\n${serverProgram(name, faults, devices, version)[1]}\n`;
  const { routes, sha256 } = name === "llama.cpp"
    ? await llamaReleases(state, programOf, options)
    : await uvRelease(state, uv(name, log, programOf("@VERSION@"), options), options);
  await write("curl", fakeCurl(routes, MISSING, log));
  for (const file of ["apt-get", "sudo"]) await write(file, `echo "${file} $*" >>'${log}'`);
  const PATH = `${bin}:/usr/bin:/bin`;
  const machine = await here(join(root, "work"), realClock(), new AbortController().signal);
  const orders: JobOrder[] = [];
  const usual = { ...RELEASES[name], version: VERSIONS[name], sha256 };
  return {
    orders,
    releases: { ...RELEASES, [name]: usual },
    installs: async () => (await Deno.readTextFile(log).catch(() => "")).split("\n").slice(0, -1),
    host: {
      workdir: machine.workdir,
      gpu_count,
      variable: (name) => variables[name],
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
export function serverProgram(
  name: ServerName,
  faults: ProcessFaults = {},
  devices = GPU,
  version = VERSIONS[name],
): [string, string] {
  const broken = encodeURIComponent(JSON.stringify(faults)).replaceAll("'", "%27");
  const run = `exec '${Deno.execPath()}' run -A --no-config '${PROCESS}' '${broken}' "$@"`;
  const serve = `SERVER=${name} SERVER_VERSION='${version}' ${run}`;
  return [PROGRAMS[name], `${QUESTIONS[name](devices, version)}\n${serve}`];
}

/** What the program answers besides serving. */
const QUESTIONS: Record<ServerName, (devices: string, version: string) => string> = {
  vllm: (_, version) => `[ "$1" = --version ] && { echo 'INFO importing' >&2; echo '${version}'; exit 0; }`,
  sglang: (_, version) =>
    `[ "$1" = -c ] && { case "$2" in *importlib.metadata*) echo '${version}';; esac; exit 0; }
[ "$1 $2" = "-m sglang.launch_server" ] || exit 2
shift 2`,
  "llama.cpp": (devices, version) =>
    `[ "$1" = --list-devices ] && { printf '%s\\n' 'Available devices:' '${devices}'; exit 0; }
[ "$1" = --version ] && { echo 'version: 0.6.0-dev (build ${
      version.slice(1)
    }, commit 5e9c6354)' >&2; exit 0; }`,
};

interface Published {
  readonly routes: readonly Route[];
  /** Of the usual version; null: its publisher is asked. */
  readonly sha256: { x86_64: string; aarch64: string } | null;
}

/** llama.cpp's builds: files in the usual one and the newest, a digest of each at GitHub, and a stable release that names the newest. */
async function llamaReleases(
  state: string,
  programOf: (version: string) => string,
  { installFails, altered }: MachineOptions,
): Promise<Published> {
  const routes: Route[] = [[`${LLAMA}/latest/download/nightly-tag.txt`, says(`${NEWEST["llama.cpp"]}\n`)]];
  const fails = installFails === undefined ? "" : `echo '${installFails}' >&2; exit 22; `;
  let usual = "";
  for (const build of [VERSIONS["llama.cpp"], NEWEST["llama.cpp"]]) {
    const archive = await packed({ [`llama-${build}/llama-server`]: programOf(build) });
    const sha256 = sha256Hex(archive);
    if (build === VERSIONS["llama.cpp"]) usual = sha256;
    const file = join(state, build);
    await Deno.writeFile(file, archive);
    const guest = altered === "file" ? `; echo "and a guest" >>"$to"` : "";
    const assets = ["x64", "arm64"].map((arch) => ({
      name: `llama-${build}-bin-ubuntu-vulkan-${arch}.tar.gz`,
      uploader: { login: "bot" },
      digest: `sha256:${sha256}`,
    }));
    const api = `https://api.github.com/repos/ggml-org/llama.cpp/releases/tags/${build}`;
    routes.push(
      [
        `${LLAMA}/download/${build}/llama-${build}-bin-ubuntu-vulkan-*.tar.gz`,
        `${fails}${gives(file)}${guest}`,
      ],
      [api, says(JSON.stringify({ tag_name: build, name: build, assets }, null, 2))],
    );
  }
  return { routes, sha256: { x86_64: usual, aarch64: usual } };
}

/** uv's release, with its checksum beside it. */
async function uvRelease(state: string, uv: string, { altered }: MachineOptions): Promise<Published> {
  const routes: Route[] = [];
  for (const target of ["x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu"]) {
    const name = `uv-${target}.tar.gz`;
    const archive = await packed({ [`uv-${target}/uv`]: uv });
    await Deno.writeFile(join(state, name), archive);
    const guest = altered === "file" ? `; echo "and a guest" >>"$to"` : "";
    const url = `${UV}/${RELEASES.uv.version}/${name}`;
    routes.push([url, `${gives(join(state, name))}${guest}`], [
      `${url}.sha256`,
      says(`${sha256Hex(archive)}  ${name}\n`),
    ]);
  }
  return { routes, sha256: null };
}

/** An index that knows the version that is asked for, or the newest, and a package whose program is `program`. */
function uv(
  name: "vllm" | "sglang",
  log: string,
  program: string,
  { installFails, altered }: MachineOptions,
): string {
  const mismatch = `echo "error: Failed to download \\\`torch==2.14.0\\\`
  cause: Hash mismatch for \\\`torch==2.14.0\\\`" >&2; exit 1`;
  const fail = altered === "package"
    ? mismatch
    : installFails === undefined
    ? ":"
    : `echo '${installFails}' >&2; exit 1`;
  return `#!/bin/sh
echo "uv $*" >>'${log}'
for last; do :; done
case "$1 $2" in
  "venv --python") mkdir -p "$last/bin"; exit 0;;
  "pip compile") while [ "$1" != -o ]; do shift; done
    read -r wanted; case "$wanted" in *==*) ;; *) wanted="$wanted==${NEWEST[name]}";; esac
    printf '%s \\\\\\n    --hash=sha256:%s\\n' torch==2.14.0 0e7c "$wanted" 4b6b >"$2"; exit 0;;
  "pip install") ${fail};;
  *) exit 2;;
esac
version=$(sed -n 's/^${name}==\\([^ ]*\\).*/\\1/p' "$last")
bin=$(dirname "$4")
sed "s/@VERSION@/$version/g" >"$bin/${PROGRAMS[name]}" <<'PROGRAM'
${program}PROGRAM
chmod 755 "$bin/${PROGRAMS[name]}"
`;
}

async function packed(programs: Readonly<Record<string, string>>): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([tarOf(programs)]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** A port that is free, and likely those after it. */
function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return (listener.addr as Deno.NetAddr).port;
}
