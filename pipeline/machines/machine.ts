// A machine on which commands run, long jobs go on by themselves, and files move. Shared code never asks where it stands.
import type { CommandOptions } from "../lib/shell.ts";

export interface RunOptions extends CommandOptions {
  /** Seconds after which the command is given up, a Failure `machine_hung`; default: those of a question. */
  readonly seconds?: number;
  /** Bytes that it may print, else a Failure `hostile_output`; default: those of a question. */
  readonly bytes?: number;
}

/** Every call ends when the lease of the machine is stopped; to stop a job and to download what was measured are tried a while longer. */
export interface Machine extends AsyncDisposable {
  /** Folder on the machine where our files lie; absolute. */
  readonly workdir: string;
  /** Our own Deno where it is this computer; null: nothing is known. */
  readonly deno: string | null;
  /** Runs a command on the machine to its end; returns the exit code. A Failure says that the machine cannot be reached. */
  run(command: readonly string[], options?: RunOptions): Promise<number>;
  /** Starts a job, or finds the one of this name that was started before. */
  launch(order: JobOrder): Promise<Job>;
  /** Copies a file of ours to the machine; the file there is whole or not there. */
  upload(from: string, to: string): Promise<void>;
  /**
   * Brings the evidence in a folder of the machine up to date in a folder of ours, fetching only what is new; NotFound when it
   * is not there. Returns the names of what else lies there, which is left. With `verify` every file is compared by SHA-256
   * and fetched again where it differs.
   */
  download(from: string, to: string, verify: boolean): Promise<readonly string[]>;
  /** Reaches what listens on the machine itself; follows no redirect. */
  readonly fetch: typeof fetch;
}

export interface JobOrder {
  /** Unique on the machine; lower case, digits and dashes. */
  readonly name: string;
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** What becomes of an earlier job of this name that has ended: it is kept for what it left, or started anew. */
  readonly ended: "keep" | "restart";
}

/** A program that goes on when nobody is connected. */
export interface Job {
  /** How it is, with what it printed since the last time. */
  poll(): Promise<JobView>;
  /** Asks it to end, waits, and then makes it. */
  stop(): Promise<void>;
}

export interface JobView {
  readonly running: boolean;
  /** Exit code; null while it runs, and when it ended without one. */
  readonly code: number | null;
  /** Whole lines of its standard output since the last poll. */
  readonly out: readonly string[];
  /** Its last lines on standard error, at most 20. */
  readonly err: readonly string[];
}
