// The agent needs Deno: the machine's own where it is new enough, else ours, sent over the same connection.
import { join } from "node:path";
import { exists } from "../lib/files.ts";
import { Failure } from "../schema/failures.ts";
import type { Facts } from "./facts.ts";
import { INSTALLATION } from "./limits.ts";
import type { Machine } from "./machine.ts";

const LEAST_MAJOR = 2;
const SYSTEMS: Readonly<Record<string, string>> = { x86_64: "Linux x86_64", aarch64: "Linux aarch64" };
const sending = new Map<string, Promise<void>>();

/** Path of a Deno on the machine. `runDir` keeps our own, packed once for all machines. */
export async function denoOn(machine: Machine, facts: Facts, runDir: string): Promise<string> {
  if (machine.deno !== null) return machine.deno;
  if (facts.deno !== null && Number(facts.deno.version.split(".")[0]) >= LEAST_MAJOR) return facts.deno.path;
  const path = `${machine.workdir}/deno`;
  if (await machine.run([path, "--version"]) === 0) return path;
  if (Deno.build.os === "linux" && SYSTEMS[Deno.build.arch] === facts.system) {
    await sendOurs(machine, path, runDir);
  } else {
    await fetchThere(machine, path);
  }
  if (await machine.run([path, "--version"]) === 0) return path;
  throw new Failure("agent_not_there", `Cannot run Deno on the machine (${facts.system}): it does not start`);
}

async function sendOurs(machine: Machine, path: string, runDir: string): Promise<void> {
  const packed = join(runDir, "deno.gz");
  const packing = sending.get(packed) ?? pack(packed);
  sending.set(packed, packing);
  await packing;
  await machine.upload(packed, `${path}.gz`);
  const script = `gzip -dc "$1.gz" > "$1.new" && chmod 755 "$1.new" && mv "$1.new" "$1" && rm "$1.gz"`;
  if (await machine.run(["sh", "-c", script, "sh", path], INSTALLATION) !== 0) {
    throw new Failure("disk_too_small", `Cannot unpack Deno at ${path} on the machine`);
  }
}

async function pack(packed: string): Promise<void> {
  if (await exists(packed)) return;
  const from = await Deno.open(Deno.execPath());
  const to = await Deno.open(`${packed}.tmp`, { write: true, create: true, truncate: true });
  await from.readable.pipeThrough(new CompressionStream("gzip")).pipeTo(to.writable);
  await Deno.rename(`${packed}.tmp`, packed);
}

/** Deno's own installer, for machines of another kind than this one. */
async function fetchThere(machine: Machine, path: string): Promise<void> {
  const script = `script=$(curl -fsSL https://deno.land/install.sh) || exit 1
printf '%s\\n' "$script" | DENO_INSTALL="$1.d" sh -s "v$2" && mv "$1.d/bin/deno" "$1"`;
  const words: string[] = [];
  const code = await machine.run(["sh", "-c", script, "sh", path, Deno.version.deno], {
    ...INSTALLATION,
    onStderr: (line) => words.push(line),
  });
  if (code === 0) return;
  throw new Failure(
    "agent_not_there",
    `Cannot install Deno on the machine: ${words.at(-1) ?? `exit code ${code}`}`,
  );
}
