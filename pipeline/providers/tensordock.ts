// TensorDock: virtual machines by location and GPU. It tells errors inside answers of status 200, and lists what is long taken.
import { z } from "zod";
import type { FailureCode } from "../schema/failures.ts";
import { memoryRange } from "../schema/gpu_memory.ts";
import { isGpu, offeredName } from "../schema/gpu_name.ts";
import type { Address } from "../schema/machine.ts";
import { type Offer, type OfferLimits, UNTOLD } from "../schema/offer.ts";
import { GB_PER_GIB } from "../schema/units.ts";
import { Account, type Answer, type Call } from "./account.ts";
import {
  HalfDone,
  type Opening,
  type Order,
  type Provider,
  type ProviderKind,
  type Sighting,
  type Wanted,
  wordsOf,
} from "./provider.ts";

const NAME = "tensordock";
const BASE = "https://dashboard.tensordock.com/api/v2";
/** Stays below its 100 calls a minute. */
const PACE = { any: 0.7, create: 1, destroy: 0.7 };
/** Its newer images come without a driver. */
const IMAGE = "ubuntu2204";
/** What a machine gets for each GPU where nothing is wished, and the steps in which it can be had. */
const VCPUS_PER_GPU = 4;
const VCPU_STEP = 2;
/** What it calls GB of main memory are GiB. */
const RAM_GIB_PER_GPU = 16;
const RAM_STEP_GIB = 16;
const LEAST_DISK_GB = 100;
const DISK_STEP_GB = 50;
/** What is asked for; it may forward another port all the same. */
const SSH_FORWARD = { internal_port: 22, external_port: 20022 };
/** Our own figure for how often a listed GPU is really there; `min_reliability` is for what providers tell. */
const RELIABILITY = 0.3;
const FLASH_SECONDS = 30;
const ENGLISH = new Intl.DisplayNames("en", { type: "region" });
/** It tells countries by their English names; another one is not known. */
const COUNTRIES = new Map(
  "AT AU BE BG CA CH CZ DE DK EE ES FI FR GB IE IN IS IT JP KR LT LV NL NO PL PT RO SE SG UA US ZA"
    .split(" ").map((code) => [ENGLISH.of(code), code]),
);
/** What its words say, whatever the status. */
const WORDS: readonly (readonly [RegExp, FailureCode])[] = [
  [/no available nodes|hostnode unavailable/i, "offer_gone"],
  [/no available public ips/i, "no_public_ip"],
  [/must be forwarded/i, "request_refused"],
  [/\bbalance\b|insufficient (funds|credit)|need at least \$/i, "no_credit"],
];

export const tensordock: ProviderKind = {
  name: NAME,
  key_variable: "TENSORDOCK_API_KEY",
  rents: true,
  open: openTensordock,
};

function openTensordock(opening: Opening): Provider {
  const { clock, simulated } = opening;
  const account = new Account(NAME, simulated?.url ?? BASE, opening, PACE, explain);
  const believedFrom = new Map<string, number>();

  /** Whether a machine is off for good: that can also flash by during its boot. To be asked at every sighting. */
  function staysOff(id: string, off: boolean): boolean {
    if (!off) return believedFrom.delete(id) && false;
    const from = believedFrom.get(id) ?? clock.after(FLASH_SECONDS);
    believedFrom.set(id, from);
    return clock.now() >= from;
  }

  function sightingOf({ id, name, status, rateHourly, ...network }: Instance): Sighting {
    const word = (status ?? "").toLowerCase().replace(/[^a-z]/g, "");
    return {
      id,
      label: name || null,
      ...stateOf(word, staysOff(id, word === "stoppeddisassociated")),
      words: wordsOf(status ?? "no status"),
      addresses: addressesOf(network, simulated?.login ?? "user"),
      price_per_hour: rateHourly ?? null,
    };
  }

  function read<S extends z.ZodType>(schema: S, call: Call, answer: Answer): z.output<S> {
    if (answer.status < 300 && !holdsError(answer)) return account.read(schema, call, answer);
    throw account.refusal(call, answer, "provider_unavailable");
  }

  return {
    name: NAME,
    billing_step_seconds: 1,
    boot_seconds: 600,
    simulated: simulated !== undefined,

    async offers(wanted, signal) {
      const call = { what: "list the locations", method: "GET", path: "/locations", signal } as const;
      const { data } = await account.market(
        call.path,
        async () => read(Locations, call, await account.ask(call)),
      );
      return data.locations.flatMap((location) => offersAt(location, wanted));
    },

    async create(order, signal) {
      const call = { what: `rent ${order.offer.id}`, method: "POST", path: "/instances", signal } as const;
      const answer = await account.ask({ ...call, body: createBody(order), kind: "create" });
      const id = Created.safeParse(answer.json).data?.id;
      if (id !== undefined && answer.status < 300 && !holdsError(answer)) return id;
      const refused = Faults.safeParse(answer.json).success ||
        (answer.status >= 400 && answer.json !== undefined);
      const failure = account.refusal(call, answer, refused ? "request_refused" : "create_unknown");
      throw id === undefined ? failure : new HalfDone(id, failure.message);
    },

    async get(id) {
      const call = { what: `look at machine ${id}`, method: "GET", path: `/instances/${id}` } as const;
      const answer = await account.ask(call);
      if (isGone(answer)) return null;
      return sightingOf(read(OneInstance, call, answer));
    },

    async list() {
      const call = { what: "list the machines", method: "GET", path: "/instances" } as const;
      return read(Instances, call, await account.ask(call)).map(sightingOf);
    },

    async destroy(id) {
      const call = { what: `destroy machine ${id}`, method: "DELETE", path: `/instances/${id}` } as const;
      const answer = await account.ask({ ...call, kind: "destroy" });
      const { status, json } = answer;
      const accepted = holdsError(answer)
        ? /not found/i.test(answer.text)
        : status === 204 || json !== undefined;
      if (status !== 404 && !(status < 300 && accepted)) {
        throw account.refusal(call, answer, "provider_unavailable");
      }
    },
  };
}

const words = z.string().nullish();
const figure = z.number().min(0);
const flag = z.boolean().nullish();

const Card = z.looseObject({
  v0Name: z.string().min(1),
  displayName: words,
  max_count: figure,
  price_per_hr: figure,
  resources: z.looseObject({ max_vcpus: figure, max_ram_gb: figure, max_storage_gb: figure }),
  pricing: z.looseObject({ per_vcpu_hr: figure, per_gb_ram_hr: figure, per_gb_storage_hr: figure }),
  network_features: z.looseObject({ dedicated_ip_available: flag, port_forwarding_available: flag }),
});
const Location = z.looseObject({
  id: z.string().min(1),
  city: words,
  stateprovince: words,
  country: words,
  gpus: z.array(z.unknown()),
});
const Locations = z.looseObject({ data: z.looseObject({ locations: z.array(Location) }) });

/** What a location has of what is wanted; a card that cannot be read, its prices included, is left out. */
function offersAt(location: z.output<typeof Location>, wanted: Wanted): Offer[] {
  const { gpu, vram_gib, gpu_count, limits } = wanted;
  const { id, city, stateprovince } = location;
  const country = COUNTRIES.get(location.country?.trim()) ?? null;
  if (!mayBeIn(country, limits)) return [];
  return location.gpus.flatMap((told) => {
    const card = Card.safeParse(told).data;
    if (card === undefined) return [];
    const { v0Name, resources, pricing, network_features } = card;
    const name = card.displayName ?? v0Name;
    const memory = Number(/(\d+) ?gb/i.exec(`${name} ${v0Name}`)?.[1] ?? 0) || null;
    if ((gpu !== "any" && !isGpu(gpu, name, memory)) || card.max_count < gpu_count) return [];
    if (memory !== null && memory < memoryRange(vram_gib ?? 0).least) return [];
    const { min_cpu_cores = 0, min_ram_gb = 0 } = limits;
    const vcpus = Math.max(
      wholeSteps(VCPUS_PER_GPU, gpu_count, resources.max_vcpus),
      stepsUpTo(VCPU_STEP, min_cpu_cores),
    );
    const ram_gib = Math.max(
      wholeSteps(RAM_GIB_PER_GPU, gpu_count, resources.max_ram_gb),
      stepsUpTo(RAM_STEP_GIB, min_ram_gb / GB_PER_GIB),
    );
    const disk_gb = diskOf(wanted.disk_gb);
    if (vcpus === 0 || vcpus > resources.max_vcpus) return [];
    if (ram_gib === 0 || ram_gib > resources.max_ram_gb || disk_gb > resources.max_storage_gb) return [];
    const price = card.price_per_hr * gpu_count + pricing.per_vcpu_hr * vcpus +
      pricing.per_gb_ram_hr * ram_gib + pricing.per_gb_storage_hr * disk_gb;
    if (price > (limits.max_price_per_hour ?? Infinity)) return [];
    const { dedicated_ip_available: ip, port_forwarding_available: port } = network_features;
    if (!ip && !port) return [];
    return [{
      ...UNTOLD,
      id: [id, v0Name, vcpus, ram_gib, ip ? "ip" : "port"].join("/"),
      provider: NAME,
      gpu: offeredName(name, memory, gpu),
      gpu_count,
      vram_gib: memory,
      price_per_hour: Number(price.toFixed(6)),
      // All of it is billed from creation on, not the disk alone.
      storage_per_hour: 0,
      location: [city, stateprovince, location.country].filter(Boolean).join(", ") || null,
      country,
      host: id,
      reliability: RELIABILITY,
      cpu_cores: vcpus,
      ram_gib,
    }];
  });
}

/** A country that is not known is none of those asked for, and may be one of those not wanted. */
function mayBeIn(country: string | null, { countries, not_countries }: OfferLimits): boolean {
  if (country === null) return countries === undefined && not_countries === undefined;
  return (countries?.includes(country) ?? true) && !(not_countries?.includes(country) ?? false);
}

/** `step` for each GPU, or as many whole steps as the location has. */
function wholeSteps(step: number, gpu_count: number, most: number): number {
  return Math.floor(Math.min(step * gpu_count, most) / step) * step;
}

/** The fewest whole steps that are at least so much. */
function stepsUpTo(step: number, least: number): number {
  return Math.ceil(least / step) * step;
}

function diskOf(disk_gb: number): number {
  return Math.max(LEAST_DISK_GB, stepsUpTo(DISK_STEP_GB, disk_gb));
}

/** The field for the key alone was seen not to let it in, so the first boot writes it too. */
function createBody({ offer, label, public_key, disk_gb, limits }: Order) {
  const [location_id, v0Name = "", vcpus, ram_gib, way] = offer.id.split("/");
  const runcmd = [["root", "/root/.ssh"], ["user", "/home/user/.ssh"]].map(([user, folder]) =>
    `mkdir -p ${folder} && echo '${public_key}' >> ${folder}/authorized_keys && ` +
    `chown -R ${user}:${user} ${folder} && chmod -R go= ${folder}`
  );
  const attributes = {
    name: label,
    type: "virtualmachine",
    image: limits.image ?? IMAGE,
    resources: {
      vcpu_count: Number(vcpus),
      ram_gb: Number(ram_gib),
      storage_gb: diskOf(disk_gb),
      gpus: { [v0Name]: { count: offer.gpu_count } },
    },
    location_id,
    ...(way === "ip" ? { useDedicatedIp: true } : { port_forwards: [SSH_FORWARD] }),
    ssh_key: public_key,
    cloud_init: { package_update: false, runcmd },
  };
  return { data: { type: "virtualmachine", attributes } };
}

const WithId = z.looseObject({ id: z.string().min(1) });
const Created = z.union([WithId, z.looseObject({ data: WithId }).transform(({ data }) => data)]);
/** A body that may tell an error; a machine's status is a word. */
const Body = z.looseObject({ status: z.number().catch(0) }).catch({ status: 0 });
/** What is wrong with a request. */
const Faults = z.array(z.looseObject({ message: z.string() })).nonempty();

function holdsError({ json }: Answer): boolean {
  const { status, error } = Body.parse(json);
  return status >= 400 || Boolean(error) || Faults.safeParse(json).success;
}

/** Says in its own words that there is none: an error page does not. */
function isGone({ status, json }: Answer): boolean {
  const { error, message } = Body.parse(json);
  return status === 404 && typeof (error ?? message) === "string";
}

function explain(answer: Answer): FailureCode | null {
  if (answer.status >= 500 || answer.json === undefined) return null;
  if ([401, 403].includes(Body.parse(answer.json).status)) return "bad_key";
  return WORDS.find(([words]) => words.test(answer.text))?.[1] ?? null;
}

const Nested = z.looseObject({ attributes: z.looseObject({}) });
const Forward = z.looseObject({ internal_port: z.number(), external_port: z.number() });
/** A machine, flat or with its fields under `attributes`. */
const Instance = z.preprocess(
  (told) => {
    const nested = Nested.safeParse(told).data;
    return nested === undefined ? told : { ...nested.attributes, ...nested };
  },
  z.looseObject({
    id: z.string().min(1),
    name: words,
    status: words,
    ipAddress: words,
    portForwards: z.array(Forward).nullish().catch(null),
    rateHourly: figure.nullish().catch(null),
  }),
);
type Instance = z.output<typeof Instance>;
const OneInstance = z.union([Instance, z.looseObject({ data: Instance }).transform(({ data }) => data)]);
const Instances = z.preprocess(arrayIn, z.array(Instance));

/** The array of machines in any of the envelopes that it was seen to use; null: there is none. */
function arrayIn(told: unknown): unknown[] | null {
  if (Array.isArray(told)) return told;
  const { data, attributes, instances } = Body.parse(told);
  const inner = data ?? attributes ?? instances;
  return inner === undefined ? null : arrayIn(inner);
}

function stateOf(word: string, off: boolean): Pick<Sighting, "state" | "trouble"> {
  if (word === "error") return { state: "dead", trouble: "boot_failed" };
  if (off || ["stopping", "stopped", "deleting", "deleted"].includes(word)) {
    return { state: "dead", trouble: "machine_stopped" };
  }
  return { state: word === "running" ? "running" : "starting" };
}

function addressesOf({ ipAddress, portForwards }: Partial<Instance>, user: string): Address[] {
  const port = portForwards?.find(({ internal_port }) => internal_port === 22)?.external_port ?? 22;
  return ipAddress && port ? [{ kind: "ssh", host: ipAddress.trim(), port, user }] : [];
}
