// No machine is left running: every account is compared with every journal, and what nobody wants is destroyed.
import { messageOf } from "../errors.ts";
import { GRACE_SECONDS, judge, type Judgement } from "../fleet/judge.ts";
import type { Fleet } from "../fleet/mod.ts";
import type { Clock } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import { PartialList, type Provider, shownBy, type Sighting } from "../providers/provider.ts";
import { type MachineRecord, mayExist } from "../schema/machine.ts";
import { type ProviderName, providerTitle } from "../schema/names.ts";

/** A machine of an account, and what is to be done about it. */
export interface Found {
  readonly provider: ProviderName;
  readonly sighting: Sighting;
  readonly judgement: Judgement;
}

export interface Census {
  readonly found: readonly Found[];
  /** Providers whose list could not be read, with the reason: nothing follows for them. */
  readonly failed: ReadonlyMap<ProviderName, unknown>;
  readonly lists: ReadonlyMap<ProviderName, readonly Sighting[]>;
}

const PASS_SECONDS = 60;
/** How long one pass tries to end a machine; the next goes on. */
const PATIENCE_SECONDS = 30;
/** A machine must be absent from two complete lists before it counts as gone. */
const ABSENT_TIMES = 2;

export interface CensusOptions {
  readonly providers: ReadonlyMap<ProviderName, Provider>;
  /** The deployment whose machines are ours. */
  readonly prefix: string;
  readonly records: readonly MachineRecord[];
  readonly isWanted: (record: MachineRecord) => boolean;
  /** For so long an unknown machine is left alone. */
  readonly grace_seconds: number;
  readonly clock: Clock;
}

/** Lists every account and judges every machine on it. */
export async function census({ providers, grace_seconds, clock, ...court }: CensusOptions): Promise<Census> {
  const lists = new Map<ProviderName, readonly Sighting[]>();
  const failed = new Map<ProviderName, unknown>();
  await Promise.all([...providers].map(async ([name, provider]) => {
    try {
      lists.set(name, await provider.list());
    } catch (error) {
      failed.set(name, error);
      if (error instanceof PartialList) lists.set(name, error.found);
    }
  }));
  const now = clock.now();
  const grace_ms = clock.after(grace_seconds) - now;
  const found = [...lists].flatMap(([provider, sightings]) =>
    sightings.map((sighting) => ({
      provider,
      sighting,
      judgement: judge(sighting, { ...court, now, grace_ms }),
    }))
  );
  return { found, failed, lists };
}

/** Destroys a machine that no journal tells of, and what its account keeps for it; true when neither get nor list shows it any more. */
export async function destroyOrphan(
  provider: Provider,
  { id, label }: Sighting,
  clock: Clock,
  log: Log,
): Promise<boolean> {
  const until = clock.after(PATIENCE_SECONDS * 4);
  for (let attempt = 1;; attempt++) {
    try {
      await provider.destroy(id);
      if (
        await provider.get(id) === null && !(await shownBy(provider.list())).some((each) => each.id === id)
      ) {
        await provider.forget?.(label ?? "").catch((error) => log.warn(messageOf(error)));
        return true;
      }
    } catch (error) {
      log.warn(messageOf(error));
    }
    if (clock.now() > until) return false;
    await clock.sleep(5 * attempt);
  }
}

export interface ReaperOptions {
  readonly fleet: Fleet;
  readonly providers: ReadonlyMap<ProviderName, Provider>;
  readonly prefix: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** Beside a run: ends what it gave back, finds what was lost, sees what vanished, and destroys orphans of this deployment. */
export class Reaper {
  readonly #absent = new Map<string, number>();

  constructor(readonly options: ReaperOptions) {}

  /** A pass now and then until `end` aborts. */
  async watch(end: AbortSignal): Promise<void> {
    while (!end.aborted) {
      await this.options.clock.sleep(PASS_SECONDS, end).catch(() => undefined);
      if (!end.aborted) await this.pass().catch((error) => this.options.log.warn(messageOf(error)));
    }
  }

  /** One comparison of all accounts with the journal. Only complete lists count. */
  async pass(): Promise<Census> {
    const { fleet, providers, clock, log } = this.options;
    const records = fleet.records();
    const result = await census({
      ...this.options,
      records,
      isWanted: mayExist,
      grace_seconds: GRACE_SECONDS,
    });
    for (const [name, error] of result.failed) log.warn(`${providerTitle(name)}: ${messageOf(error)}`);
    const finished = new Set(records.filter((each) => !mayExist(each)).map(({ label }) => label));
    const isNobodys = ({ judgement, sighting }: Found) =>
      judgement === "orphan" || (judgement === "unwanted" && finished.has(sighting.label ?? ""));
    // Side by side, and each for itself: one that cannot be ended or asked for keeps no other alive.
    await Promise.all([
      ...result.found.filter(isNobodys).map(async ({ provider: name, sighting }) => {
        const provider = providers.get(name);
        if (provider === undefined) return;
        log.warn(
          `${providerTitle(name)} has a machine of ours that nobody wants: ${sighting.label}; destroying it`,
        );
        await destroyOrphan(provider, sighting, clock, log);
      }),
      ...fleet.live().map((record) =>
        this.#look(record, result.lists.get(record.offer.provider)).catch((error) =>
          log.warn(`${record.machine_id}  ${messageOf(error)}`)
        )
      ),
    ]);
    return result;
  }

  async #look(record: MachineRecord, listed: readonly Sighting[] | undefined): Promise<void> {
    const { fleet, clock, log } = this.options;
    const { machine_id, state, deadline } = record;
    if (listed === undefined || fleet.isSearched(machine_id)) return;
    if (record.provider_id === null) {
      await fleet.find(record);
      // Nobody waits for it any more: its lease has taken another.
      if (fleet.record(machine_id).state === "requested") {
        await fleet.giveBack(machine_id, "orphan", "found after its lease had gone on", PATIENCE_SECONDS);
      }
    } else if (state === "destroying" || deadline < clock.now()) {
      const reason = record.end ?? { code: "lease_deadline" as const, reason: "it is past its deadline" };
      if (state !== "destroying") log.warn(`${machine_id}  is past its deadline: ending it`);
      await fleet.giveBack(machine_id, reason.code, reason.reason, PATIENCE_SECONDS);
    } else {
      const isListed = listed.some(({ id, label }) => id === record.provider_id || label === record.label);
      // Lists may lag behind a create.
      const isYoung = clock.now() < record.intended_at + clock.after(GRACE_SECONDS) - clock.now();
      const absent = isListed || isYoung ? 0 : (this.#absent.get(machine_id) ?? 0) + 1;
      this.#absent.set(machine_id, absent);
      if (absent >= ABSENT_TIMES && await fleet.confirmGone(record, listed)) {
        log.warn(`${machine_id}  is gone, and we did not end it`);
      }
    }
  }
}
