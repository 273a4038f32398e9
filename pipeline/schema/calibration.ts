// What this machine's load generator adds to the times it measures: found against a mock server that knows the truth.
import { z } from "zod";

const ms = (what: string) =>
  z.number().nullable().meta({ description: `${what}, milliseconds; null when nothing was measured.` });
const count = (what: string) => z.int().min(0).meta({ description: what });
const text = (what: string) => z.string().meta({ description: what });

/** A machine is calibrated before its first window of this length; shorter ones are trials. */
export const LEAST_CALIBRATED_SECONDS = 10;

export const CalibrationLevel = z.strictObject({
  streams: z.int().min(1).meta({ description: "Streams under way at once." }),
  window_seconds: z.number().min(0).meta({ description: "Time in which all of them were, seconds." }),
  requests: count("Streams that were asked for, those before and after the window included."),
  errors: count("Streams that failed."),
  chunks: count("Chunks with text that came in the window."),
  chunks_per_second: z.number().min(0).meta({ description: "Chunks of the window divided by its time." }),
  counts_exact: z.boolean().meta({
    description: "Whether every stream succeeded with exactly the chunks and tokens that the server sent.",
  }),
  p50_ttft_error_ms: ms(
    "Time to first chunk beyond what the server took from request to first chunk, median",
  ),
  p99_ttft_error_ms: ms("The same, 99th percentile"),
  p50_itl_error_ms: ms("Distance of the gap between two chunks from the server's own gap, median"),
  p99_itl_error_ms: ms("The same, 99th percentile"),
  p50_lag_ms: ms(
    "From the server's sending of a chunk to the client's having it, clocks brought together, median",
  ),
  p99_lag_ms: ms("The same, 99th percentile"),
  p99_server_span_ms: ms(
    "How long the server's call took that sent a chunk, to half of which its time is uncertain, 99th percentile",
  ),
  p99_server_late_ms: ms("How late the server itself sent a chunk, which is in no error, 99th percentile"),
  server_fit: z.boolean().meta({
    description:
      "Whether the server knew its times to the limit and sent chunks less than half a gap late. If not, the level says little of the client.",
  }),
  p99_loop_lag_ms: ms(
    "How late the client's event loop called timers, of several the latest, 99th percentile; about 1 when idle",
  ),
  cpu_us_per_chunk: z.number().min(0).nullable().meta({
    description:
      "CPU time of the client's process in the window per chunk, microseconds; null without chunks.",
  }),
  clean: z.boolean().meta({
    description: "Whether counts were exact and the 99th percentiles of both errors below the limit.",
  }),
}).meta({ id: "CalibrationLevel", description: "One level of a calibration." });

export const Calibration = z.strictObject({
  calibrated_at: text("When it began, ISO 8601 UTC."),
  hostname: text("Name of the machine."),
  cpu_model: text("Its processor."),
  cpu_cores: count("Its logical processors."),
  client: text("What sent the requests and read the streams."),
  shards: z.int().min(1).nullish().meta({
    description: "Threads that read the streams; one where not told.",
  }),
  deno_version: text("Version of Deno that ran it."),
  ttft_ms: z.number().min(0).meta({ description: "When the first chunk of a stream was due, milliseconds." }),
  gap_ms: z.number().min(0).meta({ description: "From each chunk to the next, milliseconds." }),
  chunks_per_stream: count("Chunks with text of one stream."),
  clean_below_ms: z.number().min(0).meta({
    description: "Limit of the errors of a clean level, milliseconds.",
  }),
  clock_uncertainty_ms: z.number().min(0).meta({
    description:
      "What the lags may be off by, since two processes' clocks were brought together, milliseconds.",
  }),
  levels: z.array(CalibrationLevel).meta({ description: "What each level brought." }),
  ceiling_chunks_per_second: z.number().min(0).nullable().meta({
    description:
      "Chunks/s of the highest level below which none but clean ones lie; null when not even the first was clean.",
  }),
}).meta({
  id: "Calibration",
  description: "What the load generator adds to what it measures on this machine.",
});

export type CalibrationLevel = z.infer<typeof CalibrationLevel>;
export type Calibration = z.infer<typeof Calibration>;
