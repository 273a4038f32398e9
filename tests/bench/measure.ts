// Runs a command to its end: how long it took, and the most memory it held.
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const main = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "pipeline", "main.ts");

export interface Measured {
  /** From the start of the process to its end. */
  readonly seconds: number;
  /** The time it printed for its work, without the start of Deno; equal to `seconds` when it prints none. */
  readonly work_seconds: number;
  /** Peak resident memory, MiB. */
  readonly peak_mib: number;
  readonly out: string;
}

/**
 * The fastest of `rounds` measurements of each: on a shared machine the others hold other people's work. They are taken in turn, so
 * that an hour in which the machine is slow is one for all of them.
 */
export async function fastestInTurn<Name extends string>(
  rounds: number,
  measures: Readonly<Record<Name, () => Promise<Measured>>>,
): Promise<Record<Name, Measured>> {
  const names = Object.keys(measures) as Name[];
  const fastest: Partial<Record<Name, Measured>> = {};
  for (let round = 0; round < rounds; round++) {
    for (const name of names) fastest[name] = faster(fastest[name], await measures[name]());
  }
  return fastest as Record<Name, Measured>;
}

/** The faster of both, with the memory of the larger. */
function faster(one: Measured | undefined, other: Measured): Measured {
  if (one === undefined) return other;
  const peak_mib = Math.max(one.peak_mib, other.peak_mib);
  return { ...(other.work_seconds < one.work_seconds ? other : one), peak_mib };
}

/** Runs Deno with `args`; throws with its words when it fails. */
export async function deno(...args: string[]): Promise<Measured> {
  const started = performance.now();
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", ...args],
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let peak_mib = 0;
  const timer = setInterval(() => peak_mib = Math.max(peak_mib, peakOf(child.pid)), 20);
  const { success, stdout, stderr } = await child.output();
  clearInterval(timer);
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  if (!success) throw new Error(`${args.join(" ")} failed: ${text(stderr)}`);
  const seconds = (performance.now() - started) / 1000;
  const out = text(stdout);
  return { seconds, work_seconds: Number(/([\d.]+) s\)?\s*$/.exec(out)?.[1] ?? seconds), peak_mib, out };
}

/** The kernel's own high-water mark, so that no peak falls between two looks. */
function peakOf(pid: number): number {
  try {
    const status = Deno.readTextFileSync(`/proc/${pid}/status`);
    return Number(/VmHWM:\s*(\d+) kB/.exec(status)?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}
