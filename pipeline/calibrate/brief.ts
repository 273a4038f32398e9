// A short calibration for an agent that is about to measure: what its evidence says about the client itself. It is made once for a
// machine, and the runs that follow take it over.
import os from "node:os";
import { dirname, join } from "node:path";
import { Calibration } from "../schema/calibration.ts";
import type { MockCommand } from "./mock/process.ts";
import { agentClient } from "./client.ts";
import { calibrate } from "./mod.ts";

const SECONDS = 1;
const STREAM = { ttft: 50, gap: 20, n: 20 };
const MOST_STREAMS = 1024;
const MOST_HOURS = 24;

export interface Brief {
  /** Folder of the evidence: calibration.json goes there. */
  readonly out: string;
  /** Where it is kept for other runs on this machine; null: nowhere. */
  readonly kept: string | null;
  /** The highest load level that is to be measured. */
  readonly level: number;
  /** Threads that are to read answers. */
  readonly shards: number;
  /** Starts the mock server. */
  readonly mock: MockCommand;
}

/** Takes the kept calibration over, or calibrates, which takes about seven seconds. */
export async function calibrateBriefly(
  { out, kept, level, shards, mock }: Brief,
  signal: AbortSignal,
): Promise<void> {
  const levels = levelsFor(level);
  const since = Math.max(Date.now() - MOST_HOURS * 3_600_000, Date.now() - os.uptime() * 1000);
  const known = kept === null ? null : await read(kept);
  if (known !== null && covers(known, { levels, shards }, since)) {
    return await write(join(out, "calibration.json"), known);
  }
  const calibration = await calibrate({
    levels,
    client: agentClient(shards),
    seconds: SECONDS,
    stream: STREAM,
    retry: true,
    mock,
    signal,
    onLevel: () => undefined,
  });
  if (signal.aborted) return;
  await write(join(out, "calibration.json"), calibration);
  if (kept !== null) await write(kept, calibration);
}

/** One stream, the level itself, and four times as many: engines may send faster than the 50 chunks/s of a stream here. Pure. */
export function levelsFor(level: number): number[] {
  const most = Math.min(MOST_STREAMS, Math.max(16, Math.ceil(level)));
  return [1, most, Math.min(MOST_STREAMS, 4 * most)].filter((streams, index, all) =>
    streams !== all[index - 1]
  );
}

/** Whether a calibration was made after `since`, milliseconds since 1970, with as many threads, and went as high. Pure. */
export function covers(
  { calibrated_at, levels, shards }: Pick<Calibration, "calibrated_at" | "shards"> & {
    levels: readonly { readonly streams: number }[];
  },
  wanted: { readonly levels: readonly number[]; readonly shards: number },
  since: number,
): boolean {
  const highest = Math.max(...levels.map(({ streams }) => streams));
  return Date.parse(calibrated_at) >= since && (shards ?? 1) === wanted.shards &&
    highest >= Math.max(...wanted.levels);
}

/** Null when there is none that can be used. */
async function read(path: string): Promise<Calibration | null> {
  try {
    return Calibration.parse(JSON.parse(await Deno.readTextFile(path)));
  } catch {
    return null;
  }
}

/** In one step: a run beside this one may read it. */
async function write(path: string, calibration: Calibration): Promise<void> {
  await Deno.mkdir(dirname(path), { recursive: true });
  await Deno.writeTextFile(`${path}.tmp`, `${JSON.stringify(calibration, null, 2)}\n`);
  await Deno.rename(`${path}.tmp`, path);
}
