// A machine of ours, on this computer, on whose PATH the programs of an engine lie, or only what installs them.
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { EngineHost } from "../../pipeline/engines/engine.ts";
import { realClock } from "../../pipeline/lib/clock.ts";
import { sha256Hex } from "../../pipeline/lib/files.ts";
import { here } from "../../pipeline/machines/here.ts";
import type { JobOrder } from "../../pipeline/machines/machine.ts";
import { RELEASES, type Releases } from "../../pipeline/schema/releases.ts";
import { fakeCurl, MISSING, type Route } from "./curl.ts";
import { llamaBuild, llamaRoutes } from "./llama_releases.ts";
import { type ServerName, VERSIONS } from "./server.ts";
import type { ProcessFaults } from "./server_process.ts";
import { fakeUv, uvRoutes } from "./uv.ts";

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
export const PROGRAMS: Record<ServerName, string> = {
  vllm: "vllm",
  sglang: "python3",
  "llama.cpp": "llama-server",
};
const GPU = "  CUDA0: NVIDIA GeForce RTX 4090 (24217 MiB, 23873 MiB free)";
/** Done to a file that is not what its publisher made. */
const GUEST = `; echo "and a guest" >>"$to"`;

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
    : await uvRelease(state, name, log, programOf("@VERSION@"), options);
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
      env: (name) => variables[name],
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
export const QUESTIONS: Record<ServerName, (devices: string, version: string) => string> = {
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

/** What llama.cpp's publisher has: the usual build and the newest. */
async function llamaReleases(
  state: string,
  programOf: (version: string) => string,
  { installFails, altered }: MachineOptions,
): Promise<Published> {
  const builds = [VERSIONS["llama.cpp"], NEWEST["llama.cpp"]];
  const [usual, newest] = await Promise.all(builds.map((build) => llamaBuild(build, programOf(build))));
  if (usual === undefined || newest === undefined) throw new TypeError("there are two builds");
  const fails = installFails === undefined ? "" : `echo '${installFails}' >&2; exit 22; `;
  const sha256 = sha256Hex(usual.archive);
  return {
    routes: await llamaRoutes(state, [usual, newest], fails, altered === "file" ? GUEST : ""),
    sha256: { x86_64: sha256, aarch64: sha256 },
  };
}

/** What the index and uv's publisher have. */
async function uvRelease(
  state: string,
  name: "vllm" | "sglang",
  log: string,
  text: string,
  { installFails, altered }: MachineOptions,
): Promise<Published> {
  const mismatch = `echo "error: Failed to download \\\`torch==2.14.0\\\`
  cause: Hash mismatch for \\\`torch==2.14.0\\\`" >&2; exit 1`;
  const fails = altered === "package"
    ? mismatch
    : installFails === undefined
    ? ":"
    : `echo '${installFails}' >&2; exit 1`;
  const uv = fakeUv([{ name, newest: NEWEST[name], program: PROGRAMS[name], text }], log, fails);
  return { routes: await uvRoutes(state, uv, altered === "file" ? GUEST : ""), sha256: null };
}

/** A port that is free, and likely those after it. */
function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return (listener.addr as Deno.NetAddr).port;
}
