// A lease becomes a machine: the one that an interrupted run left, or the best offer there is now.
import { messageOf, StoppedError } from "../errors.ts";
import { abortReason, unlessAborted } from "../lib/clock.ts";
import { estimate } from "../plan/estimate.ts";
import { entriesOf, type Lease, wantedFor } from "../plan/leases.ts";
import { badMemories } from "../plan/pick.ts";
import { chooseOffer, offerKey } from "../plan/plan.ts";
import { providers } from "../providers/mod.ts";
import { codeOf, Failure } from "../schema/failures.ts";
import { type MachineRecord, mayExist } from "../schema/machine.ts";
import type { Leased, StageContext } from "./context.ts";

/** How long a scope waits for the proof that its machine is gone; the reaper goes on after that. */
const PATIENCE_SECONDS = 120;
/** How long a connection may take to close before its machine is given back all the same. */
const CLOSING_SECONDS = 10;

/** Leases a machine for what is left of `lease`. Leaving its scope gives it back. */
export async function provision(lease: Lease, context: StageContext): Promise<Leased> {
  const { fleet, signal } = context;
  const isHeld = ({ lease_id, provider_id, state }: MachineRecord) =>
    lease_id === lease.id && provider_id !== null && state !== "destroying";
  const record = fleet.live().find(isHeld) ?? await rent(lease, context);
  const term = termOf(record, context);
  try {
    const machine = await fleet.bringUp(record.machine_id, term.signal);
    return leased(lease, record, machine, term, context);
  } catch (error) {
    const judged = signal.aborted ? error : await fleet.blamed(record.machine_id, error, signal);
    term.end();
    const [code, reason] = signal.aborted
      ? ["stopped" as const, messageOf(abortReason(signal))]
      : [codeOf(judged), messageOf(judged)];
    await fleet.giveBack(record.machine_id, code, reason, PATIENCE_SECONDS);
    throw judged;
  }
}

/** How long a lease lasts: until the run is stopped, its machine reaches its deadline, or its scope is left. */
interface Term {
  readonly signal: AbortSignal;
  end(): void;
}

function termOf({ lease_id, deadline }: MachineRecord, { signal, clock }: StageContext): Term {
  const over = new AbortController();
  const late = new Failure(
    "lease_deadline",
    `Cannot go on with ${lease_id}: its machine reached its deadline`,
  );
  const timer = setTimeout(
    () => over.abort(late),
    Math.min(Math.max(0, deadline - clock.now()), 2 ** 31 - 1),
  );
  return {
    signal: AbortSignal.any([signal, over.signal]),
    end: () => {
      clearTimeout(timer);
      over.abort(new StoppedError("the lease is over"));
    },
  };
}

async function rent(lease: Lease, context: StageContext): Promise<MachineRecord> {
  const { fleet, catalog, clock, signal, log } = context;
  const provider = fleet.provider(lease.provider);
  const wanted = wantedFor(lease, catalog);
  const offers = await provider.offers(wanted, signal);
  const records = fleet.records();
  const memories = [...context.memories, ...badMemories(records)];
  const taken = new Set(
    records.filter(mayExist).filter(({ offer }) => offer.host !== null).map(({ offer }) => offerKey(offer)),
  );
  const choice = chooseOffer(
    lease,
    { offers },
    { catalog, memories, now: clock.now() },
    (offer) => taken.has(offerKey(offer)),
  );
  if ("code" in choice) throw new Failure(choice.code, `Cannot rent a machine: ${choice.reason}`);
  const { offer } = choice;
  const price = offer.price_per_hour === null ? "" : ` for $${offer.price_per_hour.toFixed(3)} an hour`;
  log.info(
    `${lease.id}  taking offer ${offer.id}${offer.location === null ? "" : ` in ${offer.location}`}${price}`,
  );
  const { max_hours } = estimate(lease, offer, catalog);
  const entries = entriesOf(lease).map(({ id }) => id);
  return await fleet.rent({
    lease_id: lease.id,
    entries,
    offer,
    limits: lease.limits,
    disk_gb: wanted.disk_gb,
    hours: max_hours,
  }, signal);
}

function leased(
  lease: Lease,
  record: MachineRecord,
  machine: Leased["machine"],
  term: Term,
  context: StageContext,
): Leased {
  const { fleet, log, clock } = context;
  const { machine_id, lease_id, offer, deadline, provider_id } = record;
  const { name, selfDestruct } = fleet.provider(offer.provider);
  return {
    machine_id,
    lease_id,
    machine,
    offer,
    min_cuda: lease.limits.min_cuda,
    rented: providers[name].rents,
    self_destruct: selfDestruct?.(provider_id ?? "") ?? null,
    deadline,
    signal: term.signal,
    site: null,
    end: { code: "stopped", reason: "its scope was left" },
    async [Symbol.asyncDispose]() {
      term.end();
      try {
        await unlessAborted(machine[Symbol.asyncDispose](), clock.timeout(CLOSING_SECONDS));
      } catch (error) {
        log.warn(`${machine_id}  its connection could not be closed: ${messageOf(error)}`);
      } finally {
        await fleet.giveBack(machine_id, this.end.code, this.end.reason, PATIENCE_SECONDS);
      }
    },
  };
}
