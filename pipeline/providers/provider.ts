// What a provider must offer: a machine on which commands run and files move. Shared code never asks which provider it is.
import type { Log } from "../lib/log.ts";
import type { CommandOptions } from "../lib/shell.ts";

/** One leased machine. Leaving its `await using` scope gives it back. */
export interface Machine extends AsyncDisposable {
  /** The provider's id of the machine. */
  readonly id: string;
  /** Folder on the machine where our files may lie. */
  readonly workdir: string;
  /** Runs a command on the machine to its end; returns the exit code. */
  run(command: readonly string[], options?: CommandOptions): Promise<number>;
  /** The Deno executable on the machine. */
  readonly deno: string;
  /** Copies a file of ours to the machine. */
  upload(from: string, to: string): Promise<void>;
  /** Copies a folder of the machine into a folder of ours, which must not exist yet. */
  download(from: string, to: string): Promise<void>;
  /** The URL by which we reach a service that listens on the machine at `url`. */
  reach(url: string): string;
}

export interface LeaseRequest {
  readonly lease_id: string;
  /** GPU name from the catalogue, or `any`. */
  readonly gpu: string;
  /** Folder of the run, for a provider that needs files of its own. */
  readonly run_dir: string;
  readonly signal: AbortSignal;
  readonly log: Log;
}

export interface Provider {
  readonly name: string;
  /** Leases a machine that fits, or throws a UserError that says what was found. */
  lease(request: LeaseRequest): Promise<Machine>;
}
