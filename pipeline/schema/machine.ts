// A rented or borrowed machine from the wish for it to its proven end, and the lines of machines.jsonl that say so.
import { z } from "zod";
import { Canary } from "./canary.ts";
import { FailureCode } from "./failures.ts";
import { Offer } from "./offer.ts";
import { plainText } from "./plain_text.ts";

/** A name or an address of the internet, or a name of SSH's configuration: nothing that OpenSSH would read as an option. */
export const SshHost = plainText(255).regex(
  /^(\w[\w.-]*|[0-9a-fA-F:]+(%\w+)?)$/,
  "it is no address of a host",
);
export const SshUser = plainText(64).regex(/^\w[\w.@+-]*$/, "it is no login");

export const Address = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("here") }),
  z.strictObject({
    kind: z.literal("ssh"),
    host: SshHost,
    port: z.int().min(1).max(65_535).nullable(),
    user: SshUser.nullable(),
    /** File of the user's key for it, where SSH's configuration does not say. */
    key_file: z.string().min(1).optional(),
  }),
]).meta({ id: "Address", description: "How a machine is reached: it is this one, or over SSH." });

export const Phase = z.enum(["boot", "setup", "pull", "load", "measure", "collect", "idle"]).meta({
  description: "What a machine's time is spent on.",
});

export const EndReason = z.union([FailureCode, z.enum(["done", "stopped", "orphan"])]).meta({
  description: "Why a machine is given back: the work is done, somebody stopped it, or nobody wanted it.",
});

const at = z.iso.datetime().meta({ description: "When, ISO 8601 UTC." });
const machine_id = z.string().meta({ description: "Our name of the machine, unique in its run." });

export const MachineEvent = z.discriminatedUnion("event", [
  z.strictObject({
    event: z.literal("intent"),
    at,
    machine_id,
    lease_id: z.string(),
    label: z.string(),
    offer: Offer,
    deadline: z.iso.datetime(),
    entries: z.array(z.string()),
    simulated: z.boolean(),
    /** Seconds that the provider's bill is rounded up to. */
    billing_step_seconds: z.number().min(0),
  }),
  z.strictObject({ event: z.literal("unknown"), at, machine_id, reason: z.string() }),
  z.strictObject({ event: z.literal("not_created"), at, machine_id, code: FailureCode, reason: z.string() }),
  z.strictObject({ event: z.literal("requested"), at, machine_id, provider_id: z.string() }),
  z.strictObject({ event: z.literal("starting"), at, machine_id }),
  z.strictObject({ event: z.literal("ready"), at, machine_id, address: Address }),
  z.strictObject({
    event: z.literal("work"),
    at,
    machine_id,
    phase: Phase,
    entries: z.array(z.string()),
  }),
  z.strictObject({
    event: z.literal("traffic"),
    at,
    machine_id,
    downloaded_gb: z.number().min(0),
    /** How long that took; null in lines of older versions, and where it is not known. */
    seconds: z.number().min(0).nullable().default(null),
    entries: z.array(z.string()),
  }),
  z.strictObject({ event: z.literal("canary"), at, machine_id, canary: Canary }),
  z.strictObject({ event: z.literal("destroying"), at, machine_id, code: EndReason, reason: z.string() }),
  z.strictObject({ event: z.literal("gone"), at, machine_id }),
  z.strictObject({ event: z.literal("charged"), at, machine_id, usd: z.number().min(0) }),
]).meta({
  id: "MachineEvent",
  description: "One line of machines.jsonl, appended and flushed before the act it announces.",
});

export type Address = z.infer<typeof Address>;
export type Phase = z.infer<typeof Phase>;
export type EndReason = z.infer<typeof EndReason>;
export type MachineEvent = z.infer<typeof MachineEvent>;

export type MachineState =
  | "intent"
  | "create_unknown"
  | "not_created"
  | "requested"
  | "starting"
  | "ready"
  | "destroying"
  | "gone";

/** Events that change no state. */
const NOTES = ["work", "traffic", "canary", "charged"] as const;
type Note = typeof NOTES[number];
type Moving = Exclude<MachineEvent["event"], "intent" | Note>;

/** Which event leads from a state to which; what is not here cannot happen. */
const TRANSITIONS: Record<MachineState, Partial<Record<Moving, MachineState>>> = {
  intent: { unknown: "create_unknown", not_created: "not_created", requested: "requested" },
  create_unknown: { requested: "requested", not_created: "not_created" },
  requested: { starting: "starting", ready: "ready", destroying: "destroying", gone: "gone" },
  starting: { ready: "ready", destroying: "destroying", gone: "gone" },
  ready: { ready: "ready", destroying: "destroying", gone: "gone" },
  destroying: { destroying: "destroying", gone: "gone" },
  not_created: {},
  gone: {},
};

/** The state after an event; a TypeError when it cannot happen in this state. Pure. */
export function nextState(state: MachineState, event: MachineEvent["event"]): MachineState {
  if (isNote(event)) return state;
  const next = event === "intent" ? undefined : TRANSITIONS[state][event];
  if (next === undefined) throw new TypeError(`a machine that is ${state} cannot take the event ${event}`);
  return next;
}

function isNote(event: MachineEvent["event"]): event is Note {
  return NOTES.some((note) => note === event);
}

/** What is known of a machine: the fold of its events. */
export interface MachineRecord {
  readonly machine_id: string;
  readonly lease_id: string;
  readonly label: string;
  /** Entries that it was meant for. */
  readonly entries: readonly string[];
  readonly offer: Offer;
  readonly simulated: boolean;
  readonly billing_step_seconds: number;
  /** Milliseconds since 1970. */
  readonly intended_at: number;
  readonly deadline: number;
  readonly state: MachineState;
  readonly provider_id: string | null;
  readonly address: Address | null;
  readonly end: { readonly code: EndReason; readonly reason: string } | null;
  readonly charged_usd: number | null;
  /** What its first minutes showed; null when it was not looked at. */
  readonly canary: Canary | null;
  /** Its own events, oldest first. */
  readonly events: readonly MachineEvent[];
}

/** One record a machine, in the order of their intents. A TypeError names an impossible line. Pure. */
export function foldMachines(events: readonly MachineEvent[]): MachineRecord[] {
  const records = new Map<string, MachineRecord>();
  for (const event of events) applyEvent(records, event);
  return [...records.values()];
}

/** Whether an event can follow what is known of its machine. */
export function canFollow(record: MachineRecord | undefined, event: MachineEvent["event"]): boolean {
  if (record === undefined || event === "intent") return record === undefined && event === "intent";
  return isNote(event) || TRANSITIONS[record.state][event] !== undefined;
}

/** A reader of events, oldest first; it throws a TypeError for one that cannot follow those before it, and forgets that one. */
export function machineHistory(): (event: MachineEvent) => void {
  const records = new Map<string, MachineRecord>();
  return (event) => applyEvent(records, event);
}

/** Takes one event into records by machine. */
export function applyEvent(records: Map<string, MachineRecord>, event: MachineEvent): void {
  records.set(event.machine_id, afterEvent(records.get(event.machine_id), event));
}

/** Whether something of it may still exist and cost money. */
export function mayExist({ state }: Pick<MachineRecord, "state">): boolean {
  return state !== "gone" && state !== "not_created";
}

function afterEvent(record: MachineRecord | undefined, event: MachineEvent): MachineRecord {
  if (record === undefined) {
    if (event.event !== "intent") throw new TypeError(`machine ${event.machine_id} has no intent`);
    return {
      machine_id: event.machine_id,
      lease_id: event.lease_id,
      label: event.label,
      entries: event.entries,
      offer: event.offer,
      simulated: event.simulated,
      billing_step_seconds: event.billing_step_seconds,
      intended_at: Date.parse(event.at),
      deadline: Date.parse(event.deadline),
      state: "intent",
      provider_id: null,
      address: null,
      end: null,
      charged_usd: null,
      canary: null,
      events: [event],
    };
  }
  const next = {
    ...record,
    state: nextState(record.state, event.event),
    events: [...record.events, event],
  };
  switch (event.event) {
    case "requested":
      return { ...next, provider_id: event.provider_id };
    case "ready":
      return { ...next, address: event.address };
    case "not_created":
    case "destroying":
      return { ...next, end: { code: event.code, reason: event.reason } };
    case "canary":
      return { ...next, canary: event.canary };
    case "charged":
      return { ...next, charged_usd: event.usd };
    default:
      return next;
  }
}
