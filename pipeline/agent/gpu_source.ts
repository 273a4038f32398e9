// What the program of a GPU's maker is for the telemetry: which columns it fills, how it is asked, how its lines are read.
import type { GpuProcess } from "../schema/metadata.ts";
import type { GpuSample } from "../schema/gpu_sample.ts";

export interface GpuSource {
  readonly program: string;
  readonly interval_ms: number;
  /** The header of gpu.csv. */
  readonly columns: readonly (keyof GpuSample)[];
  /** Arguments that print all GPUs every interval, until it is ended. */
  readonly sampling: readonly string[];
  /** Arguments that print all GPUs once. */
  readonly once: readonly string[];
  /** A reader of one output, line by line. */
  readonly reader: () => (line: string) => Printed;
  /** Who uses the GPUs, and by which driver. */
  readonly identify: () => Promise<Identity>;
}

/** A printed line: a row of gpu.csv, the driver's sentence about what went wrong, a line that cannot be read, or null for none of them. */
export type Printed =
  | { readonly row: string }
  | { readonly said: string }
  | { readonly unread: string }
  | null;

export interface Identity {
  readonly driver_version: string | null;
  /** Null when they cannot be known. */
  readonly processes: GpuProcess[] | null;
  /** Why nothing is known: the driver's words. */
  readonly failure: string | null;
}
