// Vast.ai: containers on strangers' hosts, rented offer by offer. An instance carries a key that can destroy only itself.
import { z } from "zod";
import type { FailureCode } from "../schema/failures.ts";
import { isGpu } from "../schema/gpu_name.ts";
import type { Address } from "../schema/machine.ts";
import { type Offer, UNTOLD } from "../schema/offer.ts";
import { Account, type Answer, type Call } from "./account.ts";
import { afterSeconds } from "./self_destruct.ts";
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

const NAME = "vastai";
const BASE = "https://console.vast.ai/api";
/** The thresholds of its documentation, read as seconds between calls of a kind. */
const PACE = { any: 1.1, create: 5, destroy: 3.1 };
const IMAGE = "nvidia/cuda:12.4.1-base-ubuntu22.04";
const PAGE = 25;
const LEAST_DISK_GB = 8;
/** Real cards report a little less or more memory than they are sold with. */
const MEMORY_TOLERANCE = 0.07;
const DAY_SECONDS = 86_400;
/** What it calls the cards that the catalogue calls otherwise. */
const WIRE_NAMES: Readonly<Record<string, readonly string[]>> = {
  "A100 80GB": ["A100 SXM4", "A100 PCIE"],
  "H100": ["H100 SXM", "H100 PCIE"],
  "RTX 6000 Ada": ["RTX 6000Ada"],
};

export const vastai: ProviderKind = {
  name: NAME,
  key_variable: "VASTAI_API_KEY",
  rents: true,
  open: openVastai,
};

function openVastai(opening: Opening): Provider {
  const base = opening.simulated?.url ?? BASE;
  const account = new Account(NAME, base, opening, PACE, explain);

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

  return {
    name: NAME,
    billing_step_seconds: 1,
    boot_seconds: 900,
    simulated: opening.simulated !== undefined,

    async offers(wanted, signal) {
      const call = { what: "search offers", method: "POST", path: "/v0/bundles/", signal } as const;
      const answer = await account.ask({ ...call, body: searchOf(wanted) });
      const { offers } = read(Offers, call, answer);
      return offers.flatMap((offer) => offerOf(offer, wanted));
    },

    async create(order, signal) {
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
    },

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
  const disk = Math.max(LEAST_DISK_GB, disk_gb);
  return {
    verified: { eq: true },
    rentable: { eq: true },
    rented: { eq: false },
    external: { eq: false },
    ...(gpu === "any" ? {} : { gpu_name: { in: WIRE_NAMES[gpu] ?? [gpu] } }),
    ...(vram_gib === null ? {} : { gpu_ram: memoryOf(vram_gib) }),
    num_gpus: { eq: gpu_count },
    disk_space: { gte: disk },
    inet_down: { gte: limits.min_download_mbps },
    reliability2: { gte: limits.min_reliability },
    cuda_max_good: { gte: limits.min_cuda },
    direct_port_count: { gte: 1 },
    duration: { gte: Math.ceil(hours * 3600) },
    ...(limits.max_price_per_hour === undefined ? {} : { dph_total: { lte: limits.max_price_per_hour } }),
    ...geolocation(limits),
    order: [["dph_total", "asc"]],
    limit: 200,
    type: "on-demand",
    allocated_storage: disk,
  };
}

/** MiB that a card of so many GiB may report. */
function memoryOf(gib: number): { gte: number; lte: number } {
  return {
    gte: Math.floor(gib * 1024 * (1 - MEMORY_TOLERANCE)),
    lte: Math.ceil(gib * 1024 * (1 + MEMORY_TOLERANCE)),
  };
}

function geolocation({ countries, not_countries }: Wanted["limits"]): Record<string, unknown> {
  if (countries !== undefined) return { geolocation: { in: countries } };
  return not_countries === undefined ? {} : { geolocation: { notin: not_countries } };
}

const id = z.union([z.string(), z.number()]).transform(String);
const figure = z.number().nullish();

const Ask = z.looseObject({
  id,
  machine_id: id.nullish(),
  host_id: id.nullish(),
  gpu_name: z.string(),
  num_gpus: z.number(),
  gpu_ram: figure,
  dph_total: z.number().positive(),
  storage_cost: figure,
  inet_down: figure,
  inet_down_cost: figure,
  reliability2: figure,
  reliability: figure,
  cuda_max_good: figure,
  geolocation: z.string().nullish(),
  duration: figure,
});
const Offers = z.looseObject({ offers: z.array(z.unknown()) });

/** The offer, unless it cannot be read or is another card, or another number of them, than was asked for. */
function offerOf(told: unknown, { gpu, gpu_count, disk_gb }: Wanted): Offer[] {
  const reading = Ask.safeParse(told);
  if (!reading.success || reading.data.num_gpus !== gpu_count) return [];
  const ask = reading.data;
  if (gpu !== "any" && !(WIRE_NAMES[gpu] ?? []).includes(ask.gpu_name) && !isGpu(gpu, ask.gpu_name)) {
    return [];
  }
  const country = /([A-Z]{2})\s*$/.exec(ask.geolocation ?? "")?.[1] ?? null;
  return [{
    ...UNTOLD,
    id: ask.id,
    provider: NAME,
    gpu: gpu === "any" ? ask.gpu_name : gpu,
    gpu_count,
    vram_gib: ask.gpu_ram ? ask.gpu_ram / 1024 : null,
    price_per_hour: ask.dph_total,
    storage_per_hour: (ask.storage_cost ?? 0) * Math.max(LEAST_DISK_GB, disk_gb) / 720,
    download_per_gb: ask.inet_down_cost ?? 0,
    location: ask.geolocation?.replace(/^[\s,]+/, "") || null,
    country,
    host: ask.machine_id ?? ask.host_id ?? null,
    reliability: ask.reliability2 ?? ask.reliability ?? null,
    download_mbps: ask.inet_down ?? null,
    cuda: ask.cuda_max_good ?? null,
    max_hours: typeof ask.duration === "number" ? ask.duration / 3600 : null,
  }];
}

/** `seconds`: after which the machine ends itself. */
function createBody({ label, public_key, disk_gb, limits }: Order, seconds: number, base: string) {
  const onstart = [
    afterSeconds(seconds, destroyItself(base)),
    "env >> /etc/environment",
    "touch ~/.no_auto_tmux",
    `mkdir -p ~/.ssh && echo '${public_key}' >> ~/.ssh/authorized_keys && chmod -R go= ~/.ssh`,
  ].join("\n");
  return {
    client_id: "me",
    image: limits.image ?? IMAGE,
    disk: Math.max(LEAST_DISK_GB, disk_gb),
    label,
    runtype: "ssh_direct",
    env: { ALMANAC_LABEL: label },
    onstart,
    target_state: "running",
    cancel_unavail: true,
  };
}

/** The container's own key can start, stop and destroy this instance and nothing else. CUDA's images come without curl. */
function destroyItself(base: string): string {
  return `command -v curl >/dev/null || { apt-get update && apt-get install -y curl; }; ` +
    `curl -fsS -m 60 -X DELETE -H "Authorization: Bearer $CONTAINER_API_KEY" ${base}/v0/instances/$CONTAINER_ID/`;
}

const Created = z.looseObject({ success: z.unknown().optional(), new_contract: id.nullish() }).catch({
  success: undefined,
  new_contract: null,
});

/** What its words say: a key that it does not know is told as 404, an offer that is taken as 400, 404 or 410. */
function explain({ status, text }: Answer): FailureCode | null {
  if (/"auth_error"/.test(text)) return "bad_key";
  if (status >= 400 && /no_such_ask/.test(text)) return "offer_gone";
  if (/spend_rate_limit/.test(text)) return "quota";
  return /missing_billing|(insufficient|low|no)[ _]credit/i.test(text) ? "no_credit" : null;
}

/** Whether an answer says itself that it is none, which it may with any status. */
function isFault({ json }: Answer): boolean {
  return z.looseObject({ success: z.literal(false) }).safeParse(json).success;
}

function isGone(answer: Answer): boolean {
  const told = z.looseObject({ error: z.string() }).safeParse(answer.json).data?.error ?? "";
  return answer.status === 404 && ["not_found", "no_such_instance"].includes(told);
}

const portNumber = z.coerce.number().int().min(1).max(65_535);
const Instance = z.looseObject({
  id,
  label: z.string().nullish(),
  actual_status: z.string().nullish(),
  cur_state: z.string().nullish(),
  intended_status: z.string().nullish(),
  next_state: z.string().nullish(),
  status_msg: z.string().nullish(),
  public_ipaddr: z.string().nullish(),
  ports: z.record(z.string(), z.array(z.looseObject({ HostPort: portNumber.catch(0) })).nullish()).nullish()
    .catch(null),
  ssh_host: z.string().nullish(),
  ssh_port: portNumber.nullish().catch(null),
  image_runtype: z.string().nullish(),
  dph_total: figure.catch(null),
});
type Instance = z.output<typeof Instance>;
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

function sightingOf(instance: Instance, opening: Opening): Sighting {
  const { actual_status, status_msg } = instance;
  return {
    id: instance.id,
    label: instance.label || null,
    ...stateOf(instance),
    words: wordsOf([actual_status ?? "not started", status_msg?.trim()].filter(Boolean).join(": ")),
    addresses: addressesOf(instance, opening.simulated?.login ?? "root"),
    price_per_hour: instance.dph_total ?? null,
  };
}

/** `stopped` everywhere soon after a create is a refused start. */
function stateOf(instance: Instance): Pick<Sighting, "state" | "trouble"> {
  const status = instance.actual_status;
  if (status !== "running" && /OCI runtime create failed/.test(instance.status_msg ?? "")) {
    return { state: "dead", trouble: "boot_failed" };
  }
  const all = [instance.cur_state, instance.intended_status, instance.next_state];
  const stopped = ["stopped", "frozen", "exited", "offline"].includes(status ?? "") ||
    all.every((state) => state === "stopped");
  if (stopped) return { state: "dead", trouble: "machine_stopped" };
  return { state: status === "running" ? "running" : "starting" };
}

/** The direct way, then the way through its proxy. */
function addressesOf(instance: Instance, user: string): Address[] {
  const found: Address[] = [];
  const host = instance.public_ipaddr?.trim();
  const port = instance.ports?.["22/tcp"]?.[0]?.HostPort;
  if (host && port) found.push({ kind: "ssh", host, port, user });
  if (instance.ssh_host && instance.ssh_port) {
    const proxied = instance.ssh_port + (instance.image_runtype?.includes("jupyter") ? 1 : 0);
    found.push({ kind: "ssh", host: instance.ssh_host, port: proxied, user });
  }
  return found;
}
