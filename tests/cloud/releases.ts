// What simulated machines fetch: stand-ins of programs as files of their releases, with versions and checksums of their own.
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { sha256Hex } from "../../pipeline/lib/files.ts";
import { RELEASES, type Releases } from "../../pipeline/schema/releases.ts";
import { CUT, fakeCurl, gives, MISSING, says } from "../fakes/curl.ts";
import { tarOf } from "../fakes/tar.ts";

/** How a publisher lets its users down. */
export type PublisherFault = "missing" | "cut" | "altered" | "unlisted";

/** What the engine of a simulated machine tells as its version. */
export const OLLAMA_VERSION = "0.12.9-simulated";
/** The newest that its publisher has. */
export const NEWEST_OLLAMA = "0.13.1";

const engine = join(dirname(fileURLToPath(import.meta.url)), "engine.ts");

/** Text of the program `ollama`, for a shell; the folder with what its machine is like stands in the machine's own environment. */
export function ollamaProgram(version: string): string {
  return `OLLAMA_VERSION='${version}' exec '${Deno.execPath()}' run -A --no-config '${engine}' "$@"`;
}

const archiveOf = (version: string) => tarOf({ "bin/ollama": `#!/bin/sh\n${ollamaProgram(version)}\n` });
const deno = new TextEncoder().encode(`#!/bin/sh\nexec '${Deno.execPath()}' "$@"\n`);
const both = (sha256: string) => ({ x86_64: sha256, aarch64: sha256 });

/** The versions that are installed on simulated machines. */
export const SIMULATED_RELEASES: Releases = {
  ...RELEASES,
  ollama: {
    ...RELEASES.ollama,
    version: OLLAMA_VERSION,
    sha256: both(sha256Hex(archiveOf(OLLAMA_VERSION))),
  },
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
    ["https://github.com/denoland/deno/releases/download/*.zip", asset(join(state, "deno.zip"))],
    ["https://github.com/denoland/*", MISSING],
  ], "exec /usr/bin/curl $given");
}
