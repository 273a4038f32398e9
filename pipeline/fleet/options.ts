// What a fleet is given, and what it is asked for.
import type { Log } from "../lib/log.ts";
import type { Identity } from "../machines/connection.ts";
import type { Connect } from "../machines/mod.ts";
import type { Provider } from "../providers/provider.ts";
import type { ProviderName } from "../schema/names.ts";
import type { Offer, OfferLimits } from "../schema/offer.ts";
import type { LedgerOptions } from "./ledger.ts";

export interface FleetOptions extends LedgerOptions {
  readonly run_dir: string;
  /** The deployment's name, with which every label begins. */
  readonly prefix: string;
  /** Opened providers; those without a key are not there. */
  readonly providers: ReadonlyMap<ProviderName, Provider>;
  readonly identityOf: (provider: ProviderName) => Promise<{ identity: Identity; public_key: string }>;
  readonly connect: Connect;
  readonly sockets: string;
  readonly log: Log;
}

/** What is to be rented. */
export interface Rental {
  readonly lease_id: string;
  readonly entries: readonly string[];
  readonly offer: Offer;
  readonly limits: OfferLimits;
  readonly disk_gb: number;
  /** Hours until its hard deadline. */
  readonly hours: number;
}
