// calibrate: what the load generator adds to the times it measures on this machine.
import { agentClient, calibrate } from "../calibrate/mod.ts";
import { renderCalibration } from "../calibrate/render.ts";
import { toJson } from "../query/json.ts";
import type { Shell } from "../main.ts";
import { stopOnSignals } from "./signals.ts";

export interface CalibrateCommandOptions {
  readonly levels: readonly number[];
  readonly seconds: number;
  /** Threads that read the streams; default: as the highest level needs. */
  readonly shards?: number | undefined;
  readonly output: "table" | "json";
}

/** Prints the table or the JSON of the levels. Exit code 0, or 130 when it was stopped before its last level. */
export async function calibrateCommand(
  { levels, seconds, shards, output }: CalibrateCommandOptions,
  { log, print, printJson, width }: Shell,
): Promise<0 | 130> {
  using stop = stopOnSignals(() => log.info("stopping"));
  const calibration = await calibrate({
    levels,
    seconds,
    ...(shards === undefined ? {} : { client: agentClient(shards) }),
    signal: stop.signal,
    onLevel: ({ streams, chunks_per_second }) =>
      log.info(
        `${streams} ${streams === 1 ? "stream" : "streams"}: ${chunks_per_second.toFixed(0)} chunks/s`,
      ),
  });
  if (output === "json") printJson(toJson(calibration));
  else print(renderCalibration(calibration, width));
  return stop.signal.aborted ? 130 : 0;
}
