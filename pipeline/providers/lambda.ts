// Lambda Cloud: virtual machines by type and region. They let in a key of the account, so each has its own there until its end.
import { z } from "zod";
import { messageOf } from "../errors.ts";
import { codeOf, type FailureCode } from "../schema/failures.ts";
import { mayHaveMemory } from "../schema/gpu_memory.ts";
import { isGpu, offeredName } from "../schema/gpu_name.ts";
import type { Address } from "../schema/machine.ts";
import { type Offer, UNTOLD } from "../schema/offer.ts";
import { GB_PER_GIB } from "../schema/units.ts";
import { Account, type Answer } from "./account.ts";
import {
  type Opening,
  type Order,
  type Provider,
  type ProviderKind,
  type Sighting,
  type Wanted,
  wordsOf,
} from "./provider.ts";

const NAME = "lambda";
const BASE = "https://cloud.lambda.ai/api/v1";
const PACE = { any: 1.1, create: 12, destroy: 1.1 };
const SSH_PORT = 22;
const LABEL_TAG = "almanac-label";
/** NVIDIA's own processors beside the GPU are aarch64. */
const AARCH64 = /^G[BH]\d/;
/** Countries of its regions outside the United States. */
const COUNTRIES: Readonly<Record<string, string>> = {
  "asia-northeast-1": "JP",
  "asia-northeast-2": "JP",
  "asia-south-1": "IN",
  "australia-east-1": "AU",
  "europe-central-1": "DE",
  "me-west-1": "IL",
};

const NOT_THERE = "global/object-does-not-exist";
/** What an error's code says at any call. */
const MEANINGS: Readonly<Record<string, FailureCode>> = {
  "global/account-inactive": "no_credit",
  "global/invalid-address": "no_credit",
  "global/invalid-api-key": "bad_key",
  "global/quota-exceeded": "quota",
  "instance-operations/launch/insufficient-capacity": "offer_gone",
};
/** Codes by which a launch is surely refused; after any other nobody knows whether there is a machine. */
const REFUSALS: readonly string[] = [
  NOT_THERE,
  "global/invalid-parameters",
  "instance-operations/launch/file-system-in-wrong-region",
];

export const lambda: ProviderKind = {
  name: NAME,
  key_variable: "LAMBDA_API_KEY",
  rents: true,
  open: openLambda,
};

function openLambda(opening: Opening): Provider {
  const account = new Account(
    NAME,
    opening.simulated?.url ?? BASE,
    opening,
    PACE,
    (answer) => MEANINGS[errorOf(answer)] ?? null,
  );

  /** Ids of the keys called `label`; Lambda does not always keep a name from being used twice. */
  async function keysOf(label: string): Promise<string[]> {
    const call = { what: "list the SSH keys", method: "GET", path: "/ssh-keys" } as const;
    const { data } = account.read(Keys, call, await account.ask(call));
    return data.filter(({ name }) => name === label).map(({ id }) => id);
  }

  /** A refused key may be there all the same: the call was repeated after its answer was lost. */
  async function register({ label, public_key }: Order, signal: AbortSignal): Promise<void> {
    const call = { what: `register SSH key ${label}`, method: "POST", path: "/ssh-keys", signal } as const;
    const answer = await account.ask({ ...call, body: { name: label, public_key } });
    if (answer.status >= 300 && (await keysOf(label)).length === 0) throw account.refusal(call, answer);
  }

  async function launch(order: Order, signal: AbortSignal): Promise<string> {
    const call = { what: `launch ${order.offer.id}`, kind: "create", method: "POST", signal } as const;
    const answer = await account.ask({
      ...call,
      path: "/instance-operations/launch",
      body: launchBody(order),
    });
    const id = Launched.safeParse(answer.json).data?.data.instance_ids[0];
    if (id !== undefined) return id;
    const isRefused = REFUSALS.includes(errorOf(answer));
    throw account.refusal(call, answer, isRefused ? "request_refused" : "create_unknown");
  }

  /** A removal that is refused may be done all the same: its documents know of no key that is not there. */
  async function forget(label: string): Promise<void> {
    for (const id of await keysOf(label)) {
      const call = { what: `remove SSH key ${label}`, method: "DELETE", path: `/ssh-keys/${id}` } as const;
      const answer = await account.ask(call);
      if (answer.status < 300 || isGone(answer)) continue;
      if ((await keysOf(label)).includes(id)) throw account.refusal(call, answer, "provider_unavailable");
    }
  }

  return {
    name: NAME,
    billing_step_seconds: 60,
    boot_seconds: 1200,
    simulated: opening.simulated !== undefined,

    async offers(wanted, signal) {
      const call = { what: "list the types", method: "GET", path: "/instance-types", signal } as const;
      const { data } = await account.market(
        call.path,
        async () => account.read(Types, call, await account.ask(call)),
      );
      return Object.values(data).flatMap((type) => offersOf(type, wanted));
    },

    async create(order, signal) {
      try {
        await register(order, signal);
        return await launch(order, signal);
      } catch (error) {
        if (codeOf(error) !== "create_unknown") {
          await forget(order.label).catch((trouble) => opening.log.warn(messageOf(trouble)));
        }
        throw error;
      }
    },

    async get(id) {
      const call = { what: `look at machine ${id}`, method: "GET", path: `/instances/${id}` } as const;
      const answer = await account.ask(call);
      if (isGone(answer)) return null;
      const { data } = account.read(OneInstance, call, answer);
      return data.status === "terminated" ? null : sightingOf(data, opening);
    },

    async list() {
      const call = { what: "list the machines", method: "GET", path: "/instances" } as const;
      const { data } = account.read(Instances, call, await account.ask(call));
      return data.filter(({ status }) => status !== "terminated").map((each) => sightingOf(each, opening));
    },

    async destroy(id) {
      const call = { what: `terminate machine ${id}`, kind: "destroy", method: "POST" } as const;
      const answer = await account.ask({
        ...call,
        path: "/instance-operations/terminate",
        body: { instance_ids: [id] },
      });
      if (isGone(answer)) return;
      if (answer.status >= 300) throw account.refusal(call, answer, "provider_unavailable");
      const { terminated_instances } = account.read(Terminated, call, answer).data;
      if (!terminated_instances.some((each) => each.id === id)) {
        throw account.failure(
          "provider_unavailable",
          call,
          "it did not name the machine among the terminated",
        );
      }
    },

    forget,
  };
}

/** The envelope of every answer that is no error. */
function data<S extends z.ZodType>(held: S) {
  return z.looseObject({ data: held });
}

const Type = z.looseObject({
  instance_type: z.looseObject({
    name: z.string(),
    gpu_description: z.string(),
    price_cents_per_hour: z.number().positive(),
    specs: z.looseObject({
      gpus: z.int(),
      storage_gib: z.number(),
      vcpus: z.number().positive().nullish().catch(null),
      memory_gib: z.number().positive().nullish().catch(null),
    }),
  }),
  regions_with_capacity_available: z.array(z.looseObject({ name: z.string() })),
});
const Types = data(z.record(z.string(), z.unknown()));

/** An offer for each region that has the type now; none when it cannot be read or is not what is asked for. */
function offersOf(told: unknown, wanted: Wanted): Offer[] {
  const reading = Type.safeParse(told);
  if (!reading.success) return [];
  const { instance_type, regions_with_capacity_available: regions } = reading.data;
  const { name, gpu_description, price_cents_per_hour, specs } = instance_type;
  const vram_gib = Number(/(\d+) ?GB/.exec(gpu_description)?.[1]) || null;
  if (!isWanted(gpu_description, vram_gib, wanted) || specs.gpus !== wanted.gpu_count) return [];
  if (specs.storage_gib * GB_PER_GIB < wanted.disk_gb) return [];
  return regions.map(({ name: region }): Offer => ({
    ...UNTOLD,
    id: `${name}@${region}`,
    provider: NAME,
    gpu: offeredName(gpu_description, vram_gib, wanted.gpu),
    gpu_count: specs.gpus,
    vram_gib,
    price_per_hour: price_cents_per_hour / 100,
    location: region,
    country: region.startsWith("us-") ? "US" : COUNTRIES[region] ?? null,
    cpu_cores: specs.vcpus ?? null,
    ram_gib: specs.memory_gib ?? null,
  })).filter((offer) => isAllowed(offer, wanted.limits));
}

/** `description`: `H100 (80 GB PCIe)`. */
function isWanted(description: string, vram_gib: number | null, wanted: Wanted): boolean {
  if (wanted.gpu === "any" ? AARCH64.test(description) : !isGpu(wanted.gpu, description, vram_gib)) {
    return false;
  }
  return vram_gib === null || wanted.vram_gib === null ||
    mayHaveMemory(wanted.vram_gib, vram_gib);
}

/** A region whose country is not known is in none that is asked for, and in none that is shunned. */
function isAllowed({ price_per_hour, country }: Offer, limits: Wanted["limits"]): boolean {
  const { max_price_per_hour = Infinity, countries, not_countries = [] } = limits;
  return (price_per_hour ?? 0) <= max_price_per_hour &&
    (countries === undefined || (country !== null && countries.includes(country))) &&
    (country === null || !not_countries.includes(country));
}

/** Without an image it takes its newest Lambda Stack, which brings the driver. */
function launchBody({ offer, label, limits, deadline }: Order) {
  const [instance_type_name, region_name] = offer.id.split("@");
  return {
    instance_type_name,
    region_name,
    ssh_key_names: [label],
    name: label,
    tags: [{ key: LABEL_TAG, value: label }, { key: "almanac-deadline", value: String(deadline) }],
    ...(limits.image === undefined ? {} : { image: { family: limits.image } }),
  };
}

const Refused = z.looseObject({ error: z.looseObject({ code: z.string() }) });

function errorOf({ json }: Answer): string {
  return Refused.safeParse(json).data?.error.code ?? "";
}

function isGone(answer: Answer): boolean {
  return answer.status === 404 && errorOf(answer) === NOT_THERE;
}

const Instance = z.looseObject({
  id: z.string(),
  name: z.string().nullish(),
  ip: z.string().nullish(),
  status: z.string(),
  instance_type: z.looseObject({ price_cents_per_hour: z.number().nullish() }).nullish(),
  tags: z.array(z.looseObject({ key: z.string(), value: z.string() })).nullish(),
});
type Instance = z.output<typeof Instance>;
const OneInstance = data(Instance);
const Instances = data(z.array(Instance));
const Launched = data(z.looseObject({ instance_ids: z.array(z.string()) }));
const Terminated = data(z.looseObject({ terminated_instances: z.array(z.looseObject({ id: z.string() })) }));
const Keys = data(z.array(z.looseObject({ id: z.string(), name: z.string() })));

function sightingOf(instance: Instance, opening: Opening): Sighting {
  const { id, name, status, instance_type } = instance;
  const cents = instance_type?.price_cents_per_hour;
  return {
    id,
    // The name can be changed later, a tag cannot.
    label: tagOf(instance, LABEL_TAG) ?? (name || null),
    ...stateOf(status),
    words: wordsOf(status),
    addresses: addressesOf(instance, opening),
    price_per_hour: typeof cents === "number" ? cents / 100 : null,
  };
}

/** A machine that is terminating may still be billed; one in a state without a name here is given its time to boot. */
function stateOf(status: string): Pick<Sighting, "state" | "trouble"> {
  if (status === "unhealthy") return { state: "dead", trouble: "boot_failed" };
  if (status === "preempted" || status === "terminating") {
    return { state: "dead", trouble: "machine_stopped" };
  }
  return { state: status === "active" ? "running" : "starting" };
}

/** Machines of a simulated cloud share one host, so each tells its port in a tag. */
function addressesOf(instance: Instance, { simulated }: Opening): Address[] {
  const host = instance.ip;
  const port = simulated === undefined ? SSH_PORT : Number(tagOf(instance, "ssh-port"));
  return host && port ? [{ kind: "ssh", host, port, user: simulated?.login ?? "ubuntu" }] : [];
}

function tagOf({ tags }: Instance, key: string): string | undefined {
  return tags?.find((tag) => tag.key === key)?.value;
}
