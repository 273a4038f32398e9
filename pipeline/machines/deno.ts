// The agent needs Deno, of the version that runs this: the machine's own where it is that, else ours, sent over the same connection,
// else its release, fetched there. Whichever comes has the SHA-256 that it must have.
import { join } from "node:path";
import { exists, sha256File } from "../lib/files.ts";
import { madeOnce } from "../lib/made_once.ts";
import { Failure } from "../schema/failures.ts";
import type { Releases } from "../schema/releases.ts";
import type { Facts } from "./facts.ts";
import { FETCH, keepLast, meaningOfInstall, NEED } from "./installing.ts";
import { INSTALLATION } from "./limits.ts";
import type { Machine } from "./machine.ts";

const VERSION = Deno.version.deno;
const SYSTEMS: Readonly<Record<string, string>> = { x86_64: "Linux x86_64", aarch64: "Linux aarch64" };
const packing = new Map<string, () => Promise<string>>();

export interface Bringing {
  /** Folder of the run, which keeps our own, packed once for all machines. */
  readonly run_dir: string;
  readonly releases: Releases;
}

/** Path of a Deno on the machine. */
export async function denoOn(machine: Machine, facts: Facts, bringing: Bringing): Promise<string> {
  if (machine.deno !== null) return machine.deno;
  if (facts.deno?.version === VERSION) return facts.deno.path;
  const path = `${machine.workdir}/deno`;
  if (await isOurs(machine, path)) return path;
  if (Deno.build.os === "linux" && SYSTEMS[Deno.build.arch] === facts.system) {
    await sendOurs(machine, path, bringing);
  } else {
    await fetchThere(machine, path, bringing);
  }
  if (await isOurs(machine, path)) return path;
  throw new Failure("agent_not_there", `Cannot run Deno on the machine (${facts.system}): it does not start`);
}

/** Whether a Deno of our version runs there. */
async function isOurs(machine: Machine, path: string): Promise<boolean> {
  let told = "";
  const onStdout = (line: string) => void (told ||= line);
  return await machine.run([path, "--version"], { onStdout }) === 0 &&
    told.startsWith(`deno ${VERSION} `);
}

async function sendOurs(machine: Machine, path: string, { run_dir }: Bringing): Promise<void> {
  const packed = join(run_dir, `deno-${VERSION}.gz`);
  const packedOnce = packing.get(packed) ?? madeOnce(() => pack(packed));
  packing.set(packed, packedOnce);
  const sha256 = await packedOnce();
  await machine.upload(packed, `${path}.gz`);
  const script = `gzip -dc "$1.gz" >"$1.new" && rm "$1.gz" || exit 1
found=$(sha256sum "$1.new"); [ "\${found%% *}" = "$2" ] || { rm "$1.new"; exit 2; }
chmod 755 "$1.new" && mv "$1.new" "$1"`;
  const code = await machine.run(["sh", "-c", script, "sh", path, sha256], INSTALLATION);
  if (code === 0) return;
  if (code === 2) {
    throw new Failure("wrong_checksum", `Cannot bring Deno to ${path}: it does not arrive as it was sent`);
  }
  throw new Failure("disk_too_small", `Cannot unpack Deno at ${path} on the machine`);
}

/** Packs our own Deno; its SHA-256. */
async function pack(packed: string): Promise<string> {
  const { sha256 } = await sha256File(Deno.execPath());
  if (await exists(packed)) return sha256;
  const from = await Deno.open(Deno.execPath());
  const to = await Deno.open(`${packed}.tmp`, { write: true, create: true, truncate: true });
  await from.readable.pipeThrough(new CompressionStream("gzip")).pipeTo(to.writable);
  await Deno.rename(`${packed}.tmp`, packed);
  return sha256;
}

/** $1 where it comes, $2 its version, $3 and $4 its checksums; where these are empty its publisher is asked. */
const FETCHED = `set -e
path=$1 version=$2
case "$(uname -sm)" in
  "Linux x86_64") target=x86_64 sum=$3;;
  "Linux aarch64") target=aarch64 sum=$4;;
  *) echo "there is no Deno for $(uname -sm)" >&2; exit 1;;
esac
${NEED}
${FETCH}
need curl unzip
url="https://github.com/denoland/deno/releases/download/v$version/deno-$target-unknown-linux-gnu.zip"
asset "$url" "$path.zip" "$sum" "$url.sha256sum"
unzip -p "$path.zip" deno >"$path.new"
rm "$path.zip"; chmod 755 "$path.new"; mv "$path.new" "$path"`;

/** Deno's own release, for machines of another kind than this one. */
async function fetchThere(machine: Machine, path: string, { releases }: Bringing): Promise<void> {
  const { deno } = releases;
  const known = deno.version === VERSION ? deno.sha256 : null;
  const args = [path, VERSION, known?.x86_64 ?? "", known?.aarch64 ?? ""];
  const words: string[] = [];
  const code = await machine.run(["sh", "-c", FETCHED, "sh", ...args], {
    ...INSTALLATION,
    onStderr: (line) => keepLast(words, line),
  });
  if (code === 0) return;
  const meaning = meaningOfInstall(words);
  throw new Failure(
    meaning?.code ?? "agent_not_there",
    `Cannot install Deno on the machine: ${meaning?.line ?? words.at(-1) ?? `exit code ${code}`}`,
  );
}
