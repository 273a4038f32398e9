// What simulated machines fetch, or find in their image: stand-ins of programs, with versions and checksums of their own.
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { sha256Hex } from "../../pipeline/lib/files.ts";
import { RELEASES, type Releases } from "../../pipeline/schema/releases.ts";
import { CUT, fakeCurl, gives, MISSING, says } from "../fakes/curl.ts";
import { llamaBuild, llamaRoutes } from "../fakes/llama_releases.ts";
import type { ServerName } from "../fakes/server.ts";
import { PROGRAMS, QUESTIONS } from "../fakes/server_machine.ts";
import { tarOf } from "../fakes/tar.ts";
import { fakeUv, uvRoutes } from "../fakes/uv.ts";

/** How a publisher lets its users down. */
export type PublisherFault = "missing" | "cut" | "altered" | "unlisted";

/** What the engine of a simulated machine tells as its version. */
export const OLLAMA_VERSION = "0.12.9-simulated";
/** The newest that its publisher has. */
export const NEWEST_OLLAMA = "0.13.1";

const here = dirname(fileURLToPath(import.meta.url));
const run = (file: string) => `exec '${Deno.execPath()}' run -A --no-config '${join(here, file)}'`;
const script = (text: string) => `#!/bin/sh\n${text}\n`;

/** Text of the program `ollama`, for a shell; the folder with what its machine is like stands in the machine's own environment. */
export function ollamaProgram(version: string): string {
  return `OLLAMA_VERSION='${version}' ${run("engine.ts")} "$@"`;
}

/** Lists a GPU for each that the driver names; it ends the quotes that it is put into. */
const DEVICES =
  `'"$(nvidia-smi --query-gpu=index,name --format=csv,noheader | sed 's/^\\([0-9]*\\), /  CUDA\\1: /')"'`;
/** How each tells that it is none of its publisher's. */
const TOLD: Record<ServerName, (version: string) => string> = {
  vllm: (version) => `${version}+simulated`,
  sglang: (version) => `${version}+simulated`,
  "llama.cpp": (version) => version,
};

/** Text of the program of another engine, for a shell. */
export function serverProgram(name: ServerName, version: string = RELEASES[name].version): string {
  const told = TOLD[name](version);
  return `${QUESTIONS[name](DEVICES, told)}\nSERVER=${name} SERVER_VERSION='${told}' ${
    run("server_engine.ts")
  } "$@"`;
}

/** Images that bring an engine. */
const IMAGES: readonly (readonly [RegExp, () => Readonly<Record<string, string>>])[] = [
  [/(^|\/)ollama(:|$)/, () => ({ ollama: ollamaProgram(OLLAMA_VERSION) })],
  ...([[/vllm/, "vllm"], [/sglang/, "sglang"], [/llama\.cpp/, "llama.cpp"]] as const).map((
    [image, name],
  ) => [image, () => ({ [PROGRAMS[name]]: serverProgram(name) })] as const),
];

/** The programs that an image brings, by name. */
export function imagePrograms(image: string): Readonly<Record<string, string>> {
  return IMAGES.find(([known]) => known.test(image))?.[1]() ?? {};
}

const archiveOf = (version: string) => tarOf({ "bin/ollama": script(ollamaProgram(version)) });
const deno = new TextEncoder().encode(script(`exec '${Deno.execPath()}' "$@"`));
const llama = await llamaBuild(
  RELEASES["llama.cpp"].version,
  script(serverProgram("llama.cpp")),
);
const both = (sha256: string) => ({ x86_64: sha256, aarch64: sha256 });

/** The versions that are installed on simulated machines. */
export const SIMULATED_RELEASES: Releases = {
  ...RELEASES,
  ollama: {
    ...RELEASES.ollama,
    version: OLLAMA_VERSION,
    sha256: both(sha256Hex(archiveOf(OLLAMA_VERSION))),
  },
  "llama.cpp": { ...RELEASES["llama.cpp"], sha256: both(sha256Hex(llama.archive)) },
  deno: { ...RELEASES.deno, version: Deno.version.deno, sha256: both(sha256Hex(deno)) },
};

/** Writes the files into `state` and returns the `curl` that fetches them; everything else goes to the real one. */
export async function publishers(state: string, fault: PublisherFault | undefined): Promise<string> {
  const sums: string[] = [];
  for (const version of [OLLAMA_VERSION, NEWEST_OLLAMA]) {
    const archive = archiveOf(version);
    await Deno.writeFile(join(state, version), archive);
    if (version === NEWEST_OLLAMA && fault !== "unlisted") {
      sums.push(...["amd64", "arm64"].map((arch) => `${sha256Hex(archive)}  ./ollama-linux-${arch}.tar.zst`));
    }
  }
  await Deno.writeFile(join(state, "deno.zip"), deno);
  const releases = "https://github.com/ollama/ollama/releases";
  const asset = (path: string) =>
    fault === "missing"
      ? MISSING
      : fault === "cut"
      ? CUT
      : fault === "altered"
      ? `${gives(path)}; echo "and a guest" >>"$to"`
      : gives(path);
  return fakeCurl([
    [`${releases}/latest`, `echo '${releases}/tag/v${NEWEST_OLLAMA}'`],
    [`${releases}/download/*/sha256sum.txt`, says(sums.map((line) => `${line}\n`).join(""))],
    ...[OLLAMA_VERSION, NEWEST_OLLAMA].map((version) =>
      [`${releases}/download/v${version}/ollama-linux-*.tar.zst`, asset(join(state, version))] as const
    ),
    [`${releases}/*`, MISSING],
    ...await llamaRoutes(state, [llama]),
    ...await uvRoutes(state, fakeUv(packages(), join(state, "installs"))),
    ["https://github.com/denoland/deno/releases/download/*.zip", asset(join(state, "deno.zip"))],
    ["https://github.com/denoland/*", MISSING],
  ], "exec /usr/bin/curl $given");
}

/** What the index of Python packages has. */
function packages() {
  return (["vllm", "sglang"] as const).map((name) => ({
    name,
    newest: RELEASES[name].version,
    program: PROGRAMS[name],
    text: script(serverProgram(name, "@VERSION@")),
  }));
}
