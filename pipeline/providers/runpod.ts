// RunPod, REST v2: containers ("pods") by GPU type, cloud and data centre. A pod carries a key that can end only itself. Nothing
// of it is interruptible: v2 knows no bids.
import { z } from "zod";
import type { FailureCode } from "../schema/failures.ts";
import { mayHaveMemory } from "../schema/gpu_memory.ts";
import { isGpu, offeredName } from "../schema/gpu_name.ts";
import { type Offer, type OfferLimits, type Tier, TIERS, UNTOLD } from "../schema/offer.ts";
import { Account, type Answer, type Call } from "./account.ts";
import {
  type Opening,
  type Order,
  type Provider,
  type ProviderKind,
  type Sighting,
  type Wanted,
  wordsOf,
} from "./provider.ts";
import { INSTALL_SECONDS, sshServer, startsSshItself } from "./runpod_ssh.ts";

const NAME = "runpod";
const BASE = "https://api.runpod.io/v2";
/** Sixty calls a minute, of whatever kind. */
const PACE = { any: 1.1, create: 1.1, destroy: 1.1 };
/** What it calls each tier. */
const CLOUDS: Readonly<Record<Tier, string>> = { secure: "SECURE", community: "COMMUNITY" };
const SSH_PORT = 22;
const IMAGE = "runpod/pytorch:1.0.2-cu1281-torch280-ubuntu2404";
/** Below it the default image does not start. */
const IMAGE_CUDA = 12.8;
const DISK_USD_PER_GB_HOUR = 0.1 / 720;

export const runpod: ProviderKind = {
  name: NAME,
  key_variable: "RUNPOD_API_KEY",
  rents: true,
  open: openRunpod,
};

function openRunpod(opening: Opening): Provider {
  const base = opening.simulated?.url ?? BASE;
  const account = new Account(NAME, base, opening, PACE, explain);

  function pages<P extends Paged>(Page: z.ZodType<P>, call: Call): Promise<P[]> {
    const read = (answer: Answer) => account.read(Page, call, answer);
    return account.pages(call, "cursor", read, ({ pagination }) => pagination?.nextCursor);
  }

  return {
    name: NAME,
    billing_step_seconds: 1,
    boot_seconds: 900,
    ssh_seconds: INSTALL_SECONDS + 60,
    simulated: opening.simulated !== undefined,

    async offers(wanted, signal) {
      const { market, tier } = wanted.limits;
      if (market === "interruptible") return [];
      const tiers = tier === undefined ? TIERS : [tier];
      const found: Offer[] = [];
      // What is free is told of one cloud at a time.
      for (const tier of tiers) {
        const query = {
          include: "AVAILABILITY",
          product: "POD",
          cloud: CLOUDS[tier],
          count: String(wanted.gpu_count),
          minCudaVersion: leastCuda(wanted.limits),
        };
        const call = { what: "search offers", method: "GET", path: "/catalog/gpus", query, signal } as const;
        for (const { gpus } of await account.market(JSON.stringify(query), () => pages(Catalog, call))) {
          found.push(...gpus.flatMap((told) => offersOf(told, tier, wanted)));
        }
      }
      return found;
    },

    async create(order, signal) {
      const call = { what: `rent offer ${order.offer.id}`, method: "POST", path: "/pods" } as const;
      const answer = await account.ask({ ...call, body: createBody(order), kind: "create", signal });
      const id = Created.safeParse(answer.json).data?.id;
      if (id !== undefined && answer.status < 300) return id;
      throw account.refusal(call, answer, answer.status < 400 ? "create_unknown" : "request_refused");
    },

    async get(id) {
      const call = { what: `look at machine ${id}`, method: "GET", path: `/pods/${id}` } as const;
      const answer = await account.ask(call);
      if (isGone(answer)) return null;
      const pod = account.read(Pod, call, answer);
      return isTerminated(pod) ? null : sightingOf(pod, opening);
    },

    async list() {
      const told = await pages(Pods, { what: "list the machines", method: "GET", path: "/pods" });
      return told.flatMap(({ pods }) => pods).filter((pod) => !isTerminated(pod))
        .map((pod) => sightingOf(pod, opening));
    },

    async destroy(id) {
      const call = { what: `destroy machine ${id}`, method: "DELETE", path: `/pods/${id}` } as const;
      const answer = await account.ask({ ...call, kind: "destroy" });
      if (answer.status > 299 && !isGone(answer)) {
        throw account.refusal(call, answer, "provider_unavailable");
      }
    },

    async charges(ids, from, to) {
      const told = await pages(Billing, {
        what: "read the charges",
        method: "GET",
        path: "/billing/pods",
        query: { startTime: from.toISOString(), endTime: to.toISOString(), bucketSize: "hour" },
      });
      const charged = new Map<string, number>();
      for (const { podId, totalAmount } of told.flatMap(({ records }) => records)) {
        if (ids.includes(podId)) charged.set(podId, (charged.get(podId) ?? 0) + totalAmount);
      }
      return charged;
    },

    selfDestruct: () => destroyItself(base),

    caveat: ({ image }) =>
      image === undefined || startsSshItself(image)
        ? null
        : `RunPod starts ${image} with an SSH server of ours in place of its own program, which was not tried with an account yet`,
  };
}

function leastCuda({ image, min_cuda }: OfferLimits): string {
  const least = image === undefined ? Math.max(min_cuda, IMAGE_CUDA) : min_cuda;
  return Number.isInteger(least) ? `${least}.0` : String(least);
}

/** Its documentation knows of no pages, its answers do. */
const pagination = z.union([
  z.looseObject({ hasNextPage: z.literal(true), nextCursor: z.string().min(1) }),
  z.object({ hasNextPage: z.literal(false) }).transform(() => ({ nextCursor: null })),
]).nullish();
interface Paged {
  readonly pagination?: { readonly nextCursor: string | null } | null | undefined;
}

const Catalog = z.looseObject({ gpus: z.array(z.unknown()), pagination });
const byCloud = z.looseObject({ secure: z.number().nullish(), community: z.number().nullish() });
const GpuType = z.looseObject({
  id: z.string(),
  name: z.string(),
  memory: z.number(),
  secure: z.boolean(),
  community: z.boolean(),
  price: byCloud,
  maxCount: byCloud,
  availability: z.string(),
  dataCenters: z.array(z.looseObject({ id: z.string(), availability: z.string() })).nullish(),
});

/** An offer for each data centre that has the GPU free, or one without a place where none is told. */
function offersOf(told: unknown, tier: Tier, wanted: Wanted): Offer[] {
  const reading = GpuType.safeParse(told);
  if (!reading.success) return [];
  const { gpu, vram_gib, gpu_count, disk_gb, limits } = wanted;
  const { id, name, memory, availability, dataCenters, ...type } = reading.data;
  // Where a cloud does not have the GPU, its price there means nothing.
  const price = type[tier] ? type.price[tier] ?? 0 : 0;
  const isWanted = (gpu === "any" || isGpu(gpu, id, memory)) &&
    (vram_gib === null || mayHaveMemory(vram_gib, memory));
  const isFree = availability !== "NONE" && gpu_count <= (type.maxCount[tier] ?? Infinity);
  if (price <= 0 || !isWanted || !isFree) return [];
  const storage_per_hour = Math.ceil(disk_gb) * DISK_USD_PER_GB_HOUR;
  const places = dataCenters?.length
    ? dataCenters.filter((each) => each.availability !== "NONE").map((each) => each.id)
    : [null];
  return places.filter((place) => isAllowed(countryOf(place), limits)).map((place) => ({
    ...UNTOLD,
    tier,
    id: `${CLOUDS[tier]}/${place ?? ""}/${id}`,
    provider: NAME,
    gpu: offeredName(id, memory, gpu === "any" ? name : gpu),
    gpu_count,
    vram_gib: memory,
    price_per_hour: price * gpu_count + storage_per_hour,
    storage_per_hour,
    location: place,
    country: countryOf(place),
  }));
}

/** `US-TX-3` tells its country first, `EU-RO-1` after the continent. */
function countryOf(place: string | null): string | null {
  return /^([A-Z]{2})-/.exec(place?.replace(/^(EUR?|AP|OC|SEA)-/, "") ?? "")?.[1] ?? null;
}

/** An unknown country may be any. */
function isAllowed(country: string | null, { countries, not_countries }: OfferLimits): boolean {
  if (country === null) return countries === undefined && not_countries === undefined;
  return countries?.includes(country) !== false && not_countries?.includes(country) !== true;
}

/** Exactly what the API knows: a field more and it refuses all. Nothing is mounted, so that nothing outlives the pod. */
function createBody({ offer, label, public_key, disk_gb, limits }: Order) {
  const [cloud, place, ...gpu] = offer.id.split("/");
  const image = limits.image ?? IMAGE;
  const isOwn = startsSshItself(image);
  return {
    name: label,
    image,
    cloud,
    gpu: {
      id: gpu.join("/"),
      count: offer.gpu_count,
      minCudaVersion: leastCuda(limits),
      ...leastOfHost(limits, offer.gpu_count),
    },
    ...(place ? { dataCenterIds: [place] } : {}),
    disk: Math.ceil(disk_gb),
    ports: [`${SSH_PORT}/tcp`],
    startSsh: true,
    ...(isOwn ? {} : { entrypoint: ["/bin/sh"], cmd: ["-c", sshServer()] }),
    // Anyone with a key of the account can read these.
    env: {
      PUBLIC_KEY: public_key,
      SSH_PUBLIC_KEY: public_key,
      ALMANAC_LABEL: label,
      ...(isOwn ? {} : { RUNPOD_POD_USER: "0" }),
    },
  };
}

/** What it takes for a host of at least so much: shares of one GPU. */
function leastOfHost({ min_ram_gb, min_cpu_cores }: OfferLimits, gpu_count: number) {
  const share = (total: number) => Math.ceil(total / gpu_count);
  return {
    ...(min_ram_gb === undefined ? {} : { minRamPerGpu: share(min_ram_gb) }),
    ...(min_cpu_cores === undefined ? {} : { minVcpuCountPerGpu: share(min_cpu_cores) }),
  };
}

const Created = z.looseObject({ id: z.string().min(1) });

/** Over SSH the pod's own variables are missing; its first process has them. A stopped pod without mounts costs nothing. */
function destroyItself(base: string): string {
  return `[ -n "$RUNPOD_API_KEY" ] || export $(tr "\\0" "\\n" </proc/1/environ | grep -E "^RUNPOD_(POD_ID|API_KEY)="); ` +
    `curl -fsS -X DELETE -H "Authorization: Bearer $RUNPOD_API_KEY" ${base}/pods/$RUNPOD_POD_ID || ` +
    `runpodctl pod stop $RUNPOD_POD_ID`;
}

const Problem = z.looseObject({ title: z.string(), status: z.number(), detail: z.string() });
const NO_CAPACITY =
  /no longer any|no (free |available )*(instance|gpu|machine|capacity)|(not enough|insufficient|out of) [\w ]*(gpu|capacity|resource)|not have the resources|could not be placed/i;

/** What its words say: 400 is a wrong request or a full cloud, and an error that has not its form is somebody else's. */
function explain({ status, json }: Answer): FailureCode | null {
  if (status < 400 || status > 499 || [401, 402, 429].includes(status)) return null;
  const problem = Problem.safeParse(json).data;
  if (problem === undefined) return "provider_unavailable";
  if (/spend(ing)? (limit|cap)/i.test(problem.detail)) return "quota";
  const isFull = status === 400 && NO_CAPACITY.test(problem.detail);
  const isClosed = status === 403 && /\bpool\b/i.test(problem.detail);
  return isFull || isClosed ? "offer_gone" : null;
}

function isGone({ status, json }: Answer): boolean {
  return status === 404 && Problem.safeParse(json).data?.status === 404;
}

const Port = z.looseObject({
  private: z.number().nullish(),
  public: z.int().nullish(),
  type: z.string().nullish(),
  ip: z.string().nullish(),
});
const Pod = z.looseObject({
  id: z.string().min(1),
  name: z.string().nullish(),
  env: z.record(z.string(), z.unknown()).nullish(),
  status: z.string(),
  cost: z.number().nullish(),
  ssh: z.looseObject({
    direct: z.looseObject({ host: z.string().min(1), port: z.int() }).nullish(),
  }).nullish(),
  runtime: z.looseObject({ ports: z.array(Port).nullish() }).nullish().catch(null),
});
type Pod = z.output<typeof Pod>;
const Pods = z.looseObject({ pods: z.array(Pod), pagination });
const Billing = z.looseObject({
  records: z.array(z.looseObject({ podId: z.string(), totalAmount: z.number() })),
  pagination,
});

function isTerminated({ status }: Pod): boolean {
  return status === "TERMINATED";
}

/** The name can be changed by hand, the variable stays. The way through its proxy carries no files and is left out. */
function sightingOf(pod: Pod, opening: Opening): Sighting {
  const { id, name, env, status, cost } = pod;
  const label = env?.ALMANAC_LABEL;
  const user = opening.simulated?.login ?? "root";
  const direct = directWay(pod);
  return {
    id,
    label: typeof label === "string" ? label : name || null,
    ...stateOf(status, Boolean(direct)),
    words: wordsOf(status),
    addresses: direct ? [{ kind: "ssh", host: direct.host, port: direct.port, user }] : [],
    price_per_hour: cost ?? null,
  };
}

/** Where its sshd is reached: as it says, else by the port that is mapped to it. */
function directWay({ ssh, runtime }: Pod): { host: string; port: number } | null {
  if (ssh?.direct) return ssh.direct;
  const mapped = runtime?.ports?.find((each) => each.private === SSH_PORT && each.type !== "http");
  return mapped?.ip && mapped.public ? { host: mapped.ip, port: mapped.public } : null;
}

/** A pod is called RUNNING before its container is; then it has no address yet. */
function stateOf(status: string, hasAddress: boolean): Pick<Sighting, "state" | "trouble"> {
  if (status === "EXITED") return { state: "dead", trouble: "machine_stopped" };
  if (status === "ERROR") return { state: "dead", trouble: "boot_failed" };
  return { state: status === "RUNNING" && hasAddress ? "running" : "starting" };
}
