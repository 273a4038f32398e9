// How a machine is connected, by the kind of its address.
import { join } from "node:path";
import type { Clock } from "../lib/clock.ts";
import { Failure } from "../schema/failures.ts";
import { Address } from "../schema/machine.ts";
import { check } from "../schema/parse.ts";
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
  /** Aborts when the machine's lease is stopped: ordinary calls end then. */
  readonly signal: AbortSignal;
}

/** Connects to `address`; a Failure says why that cannot be done. */
export type Connect = (address: Address, context: ConnectContext) => Promise<Machine>;

export const connect: Connect = async (told, { machine_id, run_dir, identity, sockets, clock, signal }) => {
  const address = checked(told);
  return address.kind === "here"
    ? await here(join(run_dir, "work"), clock, signal)
    : await overSsh({ address, identity, alias: machine_id, sockets, clock, signal });
};

/** A provider may tell anything as an address. */
function checked(told: Address): Address {
  const checked = check(Address, told);
  if ("value" in checked) return checked.value;
  throw new Failure(
    "hostile_output",
    `Cannot connect to ${JSON.stringify(told).slice(0, 200)}: ${checked.faults.join("; ")}`,
  );
}
