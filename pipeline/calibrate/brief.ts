// A short calibration for an agent that is about to measure: what its evidence says about the client itself.
import { join } from "node:path";
import type { MockCommand } from "./mock/process.ts";
import { calibrate } from "./mod.ts";

const LEVELS = [1, 64, 256];
const SECONDS = 1.5;
const STREAM = { ttft: 50, gap: 20, n: 50 };

/** Takes about fifteen seconds, then writes calibration.json into `out`. `mock` starts the mock server. */
export async function calibrateBriefly(out: string, mock: MockCommand, signal: AbortSignal): Promise<void> {
  const calibration = await calibrate({
    levels: LEVELS,
    seconds: SECONDS,
    stream: STREAM,
    mock,
    signal,
    onLevel: () => undefined,
  });
  await Deno.mkdir(out, { recursive: true });
  await Deno.writeTextFile(join(out, "calibration.json"), `${JSON.stringify(calibration, null, 2)}\n`);
}
