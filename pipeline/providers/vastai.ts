// Vast.ai: containers on strangers' hosts, rented offer by offer. An instance carries a key that can destroy only itself.
import { z } from "zod";
import { memoryRange } from "../schema/gpu_memory.ts";
import { isGpu, offeredName, vastNames } from "../schema/gpu_name.ts";
import type { Offer, OfferLimits } from "../schema/offer.ts";
import { GB_PER_GIB } from "../schema/units.ts";
import { Account, type Answer, type Call } from "./account.ts";
import {
  HalfDone,
  type Opening,
  type Order,
  type Provider,
  type ProviderKind,
  type Wanted,
} from "./provider.ts";
import { Ask, idText, machineOf, priceOf } from "./vastai/ask.ts";
import { explain, isFault, isGone } from "./vastai/answers.ts";
import { allocatedGb, createBody, destroyItself } from "./vastai/create.ts";
import { Instance, sightingOf } from "./vastai/instance.ts";

const NAME = "vastai";
const BASE = "https://console.vast.ai/api";
/** The thresholds of its documentation, read as seconds between calls of a kind. */
const PACE = { any: 1.1, create: 5, destroy: 3.1 };
const PAGE = 25;
/** How long a search is believed, as an account has only so many a day. */
const SEARCH_SECONDS = 300;
/** CUDA compute capability x100 of the oldest cards (Pascal) that the builds of the engines know. */
const LEAST_COMPUTE_CAP = 600;
const DAY_SECONDS = 86_400;

export const vastai: ProviderKind = {
  name: NAME,
  key_variable: "VASTAI_API_KEY",
  rents: true,
  open: openVastai,
};

function openVastai(opening: Opening): Provider {
  const base = opening.simulated?.url ?? BASE;
  const account = new Account(NAME, base, opening, PACE, (answer) => explain(answer, opening.clock.now()));

  /** What an answer holds, unless it says itself that it is a fault. */
  function read<S extends z.ZodType>(schema: S, call: Pick<Call, "what">, answer: Answer): z.output<S> {
    if (isFault(answer)) throw account.refusal(call, answer, "provider_unavailable");
    return account.read(schema, call, answer);
  }

  function pages<P extends Paged>(Page: z.ZodType<P>, call: Call): Promise<P[]> {
    return account.pages(
      call,
      "after_token",
      (answer) => read(Page, call, answer),
      ({ next_token }) => next_token,
    );
  }

  async function create(order: Order, signal: AbortSignal): Promise<string> {
    const what = `rent offer ${order.offer.id}`;
    const answer = await account.ask({
      what,
      method: "PUT",
      path: `/v0/asks/${order.offer.id}/`,
      body: createBody(order, order.deadline - opening.clock.now() / 1000, base),
      kind: "create",
      signal,
    });
    const { success, new_contract = null } = Created.parse(answer.json);
    if (new_contract !== null && success === true) return new_contract;
    const isRefused = answer.status >= 400 || success === false;
    const failure = account.refusal({ what }, answer, isRefused ? "request_refused" : "create_unknown");
    throw new_contract === null ? failure : new HalfDone(new_contract, failure.message);
  }

  return {
    name: NAME,
    billing_step_seconds: 1,
    boot_seconds: 900,
    simulated: opening.simulated !== undefined,

    async offers(wanted, signal) {
      const body = searchOf(wanted);
      const call = { what: "search offers", method: "POST", path: "/v0/bundles/", body, signal } as const;
      const { offers } = await account.market(
        JSON.stringify(body),
        async () => read(Offers, call, await account.ask(call)),
        SEARCH_SECONDS,
      );
      return offers.flatMap((offer) => offerOf(offer, wanted));
    },

    create,

    async get(id) {
      const call = { what: `look at machine ${id}`, method: "GET", path: `/v0/instances/${id}/` } as const;
      const answer = await account.ask(call);
      if (isGone(answer)) return null;
      const { instances } = read(OneInstance, call, answer);
      return instances === null ? null : sightingOf(instances, opening);
    },

    async list() {
      const call = { what: "list the machines", method: "GET", path: "/v1/instances/" } as const;
      // Those that are made meanwhile come last, so that none slips from a page to one that was read.
      const order_by = JSON.stringify([{ col: "id", dir: "asc" }]);
      const told = await pages(Page, { ...call, query: { limit: String(PAGE), order_by } });
      const found = new Map(
        told.flatMap(({ instances }) => instances).map((each) => [each.id, sightingOf(each, opening)]),
      );
      const total = told.at(-1)?.total_instances ?? 0;
      if (found.size >= total) return [...found.values()];
      throw account.failure(
        "provider_unavailable",
        call,
        `it told ${total} machines and showed ${found.size}`,
      );
    },

    async destroy(id) {
      const call = { what: `destroy machine ${id}`, method: "DELETE", path: `/v0/instances/${id}/` } as const;
      const answer = await account.ask({ ...call, body: {}, kind: "destroy" });
      if (!isGone(answer) && (answer.status > 299 || isFault(answer))) {
        throw account.refusal(call, answer, "provider_unavailable");
      }
    },

    async admit(id, publicKey) {
      const call = { what: `let our key into machine ${id}`, method: "POST" } as const;
      const answer = await account.ask({
        ...call,
        path: `/v0/instances/${id}/ssh/`,
        body: { ssh_key: publicKey },
      });
      if (answer.status > 299 || isFault(answer)) {
        throw account.refusal(call, answer, "provider_unavailable");
      }
    },

    async charges(ids, from, to) {
      const filters = {
        day: { gte: midnight(from), lte: midnight(to) + DAY_SECONDS - 1 },
        type: { in: ["instance"] },
      };
      const told = await pages(Charges, {
        what: "read the charges",
        method: "GET",
        path: "/v0/charges/",
        query: { select_filters: JSON.stringify(filters), limit: "500" },
      });
      const charged = new Map<string, number>();
      for (const { source, amount } of told.flatMap(({ results }) => results)) {
        const id = /^instance-(\d+)$/.exec(source ?? "")?.[1] ?? "";
        if (ids.includes(id)) charged.set(id, (charged.get(id) ?? 0) + amount);
      }
      return charged;
    },

    selfDestruct: () => destroyItself(base),
  };
}

/** Filters as the search takes them; without the disk that is wanted it would tell too low a price. */
function searchOf({ gpu, vram_gib, gpu_count, disk_gb, hours, limits }: Wanted): Record<string, unknown> {
  const disk = allocatedGb(disk_gb);
  return {
    verified: { eq: true },
    rentable: { eq: true },
    rented: { eq: false },
    external: { eq: false },
    ...(gpu === "any" ? {} : { gpu_name: { in: vastNames(gpu) } }),
    ...(vram_gib === null ? {} : { gpu_ram: memoryOf(vram_gib) }),
    num_gpus: { eq: gpu_count },
    disk_space: { gte: disk },
    inet_down: { gte: limits.min_download_mbps },
    // The documented name, and the one that other clients send.
    reliability: { gte: limits.min_reliability },
    reliability2: { gte: limits.min_reliability },
    cuda_max_good: { gte: limits.min_cuda },
    compute_cap: { gte: LEAST_COMPUTE_CAP },
    direct_port_count: { gte: 1 },
    duration: { gte: Math.ceil(hours * 3600) },
    ...(limits.max_price_per_hour === undefined ? {} : { dph_total: { lte: limits.max_price_per_hour } }),
    ...geolocation(limits),
    ...hostOf(limits),
    order: [["dph_total", "asc"]],
    limit: 200,
    type: limits.market === "interruptible" ? "bid" : "on-demand",
    allocated_storage: disk,
  };
}

/** MiB that a card of so many GiB may report. */
function memoryOf(gib: number): { gte: number; lte: number } {
  const { least, most } = memoryRange(gib);
  return { gte: Math.floor(least * 1024), lte: Math.ceil(most * 1024) };
}

function geolocation({ countries, not_countries }: Wanted["limits"]): Record<string, unknown> {
  if (countries !== undefined) return { geolocation: { in: countries } };
  return not_countries === undefined ? {} : { geolocation: { notin: not_countries } };
}

/** Memory is that of the whole host, of which a part of it has less: what an offer tells is judged again. */
function hostOf({ min_ram_gb, min_cpu_cores, tier, whole_machine }: OfferLimits): Record<string, unknown> {
  return {
    ...(min_ram_gb === undefined ? {} : { cpu_ram: { gte: Math.floor(min_ram_gb / GB_PER_GIB * 1024) } }),
    ...(min_cpu_cores === undefined ? {} : { cpu_cores_effective: { gte: min_cpu_cores } }),
    ...(tier === undefined ? {} : { datacenter: { eq: tier === "secure" } }),
    ...(whole_machine === true ? { gpu_frac: { eq: 1 } } : {}),
  };
}

const Offers = z.looseObject({ offers: z.array(z.unknown()) });

/** The offer, unless it cannot be read or is another card, or another number of them, than was asked for, or takes no bids. */
function offerOf(told: unknown, { gpu, gpu_count, disk_gb, limits }: Wanted): Offer[] {
  const reading = Ask.safeParse(told);
  if (!reading.success || reading.data.num_gpus !== gpu_count) return [];
  const ask = reading.data;
  const vram_gib = ask.gpu_ram ? ask.gpu_ram / 1024 : null;
  if (gpu !== "any" && !isGpu(gpu, ask.gpu_name, vram_gib)) return [];
  const storage_per_hour = (ask.storage_cost ?? 0) * allocatedGb(disk_gb) / 720;
  const price_per_hour = priceOf(ask, storage_per_hour, limits);
  if (price_per_hour === null) return [];
  const country = /([A-Z]{2})\s*$/.exec(ask.geolocation ?? "")?.[1] ?? null;
  return [{
    id: ask.id,
    provider: NAME,
    gpu: offeredName(ask.gpu_name, vram_gib, gpu),
    gpu_count,
    vram_gib,
    price_per_hour,
    storage_per_hour,
    download_per_gb: ask.inet_down_cost ?? 0,
    location: ask.geolocation?.replace(/^[\s,]+/, "") || null,
    country,
    host: ask.machine_id ?? ask.host_id ?? null,
    reliability: ask.reliability2 ?? ask.reliability ?? null,
    download_mbps: ask.inet_down ?? null,
    cuda: ask.cuda_max_good ?? null,
    max_hours: typeof ask.duration === "number" ? ask.duration / 3600 : null,
    market: limits.market,
    ...machineOf(ask),
  }];
}

const Created = z.looseObject({ success: z.unknown().optional(), new_contract: idText.nullish() }).catch({
  success: undefined,
  new_contract: null,
});

const OneInstance = z.looseObject({ instances: Instance.nullable() });
interface Paged {
  readonly next_token?: string | null | undefined;
}
const Page = z.looseObject({
  instances: z.array(Instance),
  // Proves, with the machines that are shown, that none is missing.
  total_instances: z.number(),
  next_token: z.string().nullish(),
});
const Charges = z.looseObject({
  results: z.array(z.looseObject({ source: z.string().nullish(), amount: z.number() })),
  next_token: z.string().nullish(),
});

/** Charges are told by the day: its beginning in UTC, seconds since 1970. */
function midnight(time: Date): number {
  return Math.floor(time.getTime() / 1000 / DAY_SECONDS) * DAY_SECONDS;
}
