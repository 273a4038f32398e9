// What a provider must offer: five verbs over the machines it lends. Shared code never asks which provider it is.
import type { Clock } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import { Failure, type FailureCode } from "../schema/failures.ts";
import type { Host } from "../schema/hosts.ts";
import type { Address } from "../schema/machine.ts";
import type { ProviderName } from "../schema/names.ts";
import type { Offer, OfferLimits, Wanted } from "../schema/offer.ts";
import { shortText } from "../schema/text.ts";

export type { Wanted };

/** A provider that can be opened with a key. */
export interface ProviderKind {
  readonly name: ProviderName;
  /** Environment variable that holds its key; null when it needs none. */
  readonly key_variable: string | null;
  /** Whether what it lends is ours to change (install an engine) and to destroy. */
  readonly rents: boolean;
  open(opening: Opening): Provider;
}

/** What a provider is opened with. */
export interface Opening {
  /** The account's key; empty for a provider that needs none. */
  readonly key: string;
  /** Another address than the provider's own, and the login of the machines behind it: a simulated cloud. */
  readonly simulated?: { readonly url: string; readonly login: string };
  readonly clock: Clock;
  readonly log: Log;
  /** Hosts of the user's own, for the provider that lends those. */
  readonly hosts: readonly Host[];
  /** File for the keys of those hosts. */
  readonly known_hosts: string;
}

/** A machine to be created. */
export interface Order {
  readonly offer: Offer;
  /** `<deployment>-<machine>-<epoch>`: finds the machine again when the answer is lost. */
  readonly label: string;
  /** OpenSSH's one line. */
  readonly public_key: string;
  readonly disk_gb: number;
  readonly limits: OfferLimits;
  /** Hard deadline of the machine, seconds since 1970. */
  readonly deadline: number;
}

/** A machine as the provider tells it. */
export interface Sighting {
  readonly id: string;
  /** The label that it was created with; null when it has none. */
  readonly label: string | null;
  /** `dead`: it will not run again by itself, and may cost money until it is destroyed. */
  readonly state: "starting" | "running" | "dead";
  /** The provider's own words for its state. */
  readonly words: string;
  /** Why it is dead. */
  readonly trouble?: Extract<FailureCode, "boot_failed" | "machine_stopped" | "outbid">;
  /** How it is reached, best way first; empty until the provider says. */
  readonly addresses: readonly Address[];
  /** US dollars per hour as billed, where the provider tells. */
  readonly price_per_hour: number | null;
}

const LONGEST_WORDS = 200;

/** Such words, not too many of them. */
export function wordsOf(told: string): string {
  return shortText(told, LONGEST_WORDS);
}

/** An opened provider. Every verb throws a Failure whose code says what happened. */
export interface Provider {
  readonly name: ProviderName;
  /** Seconds that a bill is rounded up to. */
  readonly billing_step_seconds: number;
  /** After how many seconds a machine that does not run is given up. */
  readonly boot_seconds: number;
  /** After how many seconds one that runs and lets nobody in is given up, where that takes longer than usual. */
  readonly ssh_seconds?: number;
  readonly simulated: boolean;
  /** What can be rented now and meets `wanted` as far as the provider tells; the price with the disk asked for. */
  offers(wanted: Wanted, signal: AbortSignal): Promise<Offer[]>;
  /**
   * Creates a machine and returns its id. Never sent twice: `create_unknown` when nobody knows whether it was made, HalfDone
   * when the provider refused and made one all the same.
   */
  create(order: Order, signal: AbortSignal): Promise<string>;
  /** The machine, or null when the provider says in its own words that there is none. */
  get(id: string): Promise<Sighting | null>;
  /** All machines of the account. Complete, or it throws, a PartialList where it can: nothing may follow from an empty answer that was an error. */
  list(): Promise<Sighting[]>;
  /** Lets our key in, where that needs a call of its own once the machine exists. */
  admit?(id: string, publicKey: string): Promise<void>;
  /** Asks for its end; returns when the provider accepted that or has no such machine. */
  destroy(id: string): Promise<void>;
  /** What the provider charged for these machines so far, US dollars; machines without a charge are left out. */
  charges?(ids: readonly string[], from: Date, to: Date): Promise<Map<string, number>>;
  /** Shell command that destroys the machine it runs on with a key that can do only that. */
  selfDestruct?(id: string): string;
  /** What a user must know of machines with these limits before they are paid for; null: nothing. */
  caveat?(limits: OfferLimits): string | null;
  /** Removes what the account keeps for `label` besides the machine, such as a key. */
  forget?(label: string): Promise<void>;
}

/** A list of which a part could not be had: what it shows is there, and what it does not show may be. */
export class PartialList extends Failure {
  constructor(readonly found: readonly Sighting[], message: string) {
    super("provider_unavailable", message);
  }
}

/** What a list shows, be it a part. */
export function shownBy(list: Promise<readonly Sighting[]>): Promise<readonly Sighting[]> {
  return list.catch((error) => {
    if (error instanceof PartialList) return error.found;
    throw error;
  });
}

/** The provider refused to create a machine and made one all the same. */
export class HalfDone extends Failure {
  constructor(readonly id: string, message: string) {
    super("create_half_done", message);
  }
}
