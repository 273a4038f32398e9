// How a machine is connected, by the kind of its address.
import { join } from "node:path";
import type { Clock } from "../lib/clock.ts";
import type { Address } from "../schema/machine.ts";
import type { Identity } from "./connection.ts";
import { here } from "./here.ts";
import type { Machine } from "./machine.ts";
import { overSsh } from "./ssh.ts";

export interface ConnectContext {
  /** Our name of the machine. */
  readonly machine_id: string;
  /** Folder of the run. */
  readonly run_dir: string;
  readonly identity: Identity;
  readonly sockets: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Connects to `address`; a Failure says why that cannot be done. */
export type Connect = (address: Address, context: ConnectContext) => Promise<Machine>;

export const connect: Connect = (address, { machine_id, run_dir, identity, sockets, clock, signal }) =>
  address.kind === "here"
    ? here(join(run_dir, "work"))
    : overSsh({ address, identity, alias: machine_id, sockets, clock }, signal);
