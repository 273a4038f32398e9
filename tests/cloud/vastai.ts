// Vast.ai's protocol: slashes at the end of paths, gone machines as 200 with null, pages of 25, and errors of many shapes.
import type { Cloud, CloudMachine, Stock } from "./cloud.ts";
import type { Asked, Protocol, Reply, Verb } from "./server.ts";
import { type Create, LEAST_DISK_GB, refusalOf } from "./vastai/create.ts";
import { charges, instanceOf, pageOf } from "./vastai/instances.ts";
import { OPEN, OTHERS } from "./vastai/others.ts";
import { AUTH_ERROR, invalid, noSuchAsk, NOT_FOUND } from "./vastai/replies.ts";

export { AUTH_ERROR, noMoreSearches, noSuchAsk, NOT_FOUND, TOO_MANY } from "./vastai/replies.ts";

export function vastai(cloud: Cloud): Protocol {
  const orders = new Map<string, Create>();
  let next = 29_410_500;
  const byId = (path: string): CloudMachine | undefined => {
    const machine = cloud.machines.get(/\/(\d+)(\/|$)/.exec(path)?.[1] ?? "");
    return machine?.state === "gone" ? undefined : machine;
  };
  const tell = (machine: CloudMachine) => told(machine, orders.get(machine.id));
  return {
    verbOf,
    async answer(asked, verb): Promise<Reply> {
      const machine = byId(asked.path);
      const question = {
        asked,
        cloud,
        machine,
        gpus: () => [...new Set(cloud.options.stock.map(wireName))],
        instances: () => cloud.present().map(tell),
      };
      const open = OPEN[routeOf(asked)];
      if (open !== undefined) return open(question);
      const given = String(asked.headers.authorization ?? "");
      const own = machine !== undefined && given === `Bearer ${ownKey(machine.id)}`;
      if (given !== `Bearer ${cloud.key}` && !own) return AUTH_ERROR;
      switch (verb) {
        case "offers":
          return search(cloud, asked.body as Search);
        case "create": {
          const id = asked.path.split("/").at(-2) ?? "";
          const stock = cloud.options.stock.find((each) => each.id === id);
          if (stock === undefined || !cloud.free(stock)) return noSuchAsk(id);
          const order = asked.body as Create;
          const refusal = refusalOf(order, leastBid(stock));
          if (refusal !== null) return refusal;
          next += 1;
          orders.set(String(next), order);
          cloud.create(String(next), {
            label: order.label ?? "",
            stock,
            keys: [],
            diskGb: order.disk,
            image: order.image ?? undefined,
            env: (id) => ({ CONTAINER_ID: id, CONTAINER_API_KEY: ownKey(id) }),
            // A machine here has a system of its own only below its home.
            onstart: order.onstart?.replaceAll("/etc/environment", "~/environment") ?? "",
            ...(order.price ? { bid_per_hour: order.price + storageOf(order.disk) } : {}),
          });
          return { json: { success: true, new_contract: next, instance_api_key: ownKey(String(next)) } };
        }
        case "get":
          return { json: { instances: machine === undefined ? null : tell(machine) } };
        case "list":
          return pageOf(cloud.present().map(tell), asked.query);
        case "destroy":
          if (machine === undefined) return NOT_FOUND;
          // A machine that destroys itself must get its answer before it ends.
          if (own) setTimeout(() => cloud.destroy(machine), 0);
          else await cloud.destroy(machine);
          return { json: { success: true } };
        case "admit":
          if (machine === undefined) return NOT_FOUND;
          await cloud.admit(machine, (asked.body as { ssh_key: string }).ssh_key);
          return { json: { success: true } };
        case "charges":
          return charges(cloud, asked.query);
        default:
          return OTHERS[routeOf(asked)]?.(question) ??
            { status: 404, json: { success: false, error: "not_found", msg: asked.path } };
      }
    },
  };
}

/** A method and a path with `N` for its number; its own client has `/api` in front. */
function routeOf({ method, path }: Asked): string {
  return `${method} ${path.replace(/^\/api(?=\/)/, "").replace(/\/\d+(?=\/|$)/, "/N")}`;
}

function verbOf(asked: Asked): Verb {
  const verbs: Record<string, Verb> = {
    "POST /v0/bundles/": "offers",
    "PUT /v0/search/asks/": "offers",
    "PUT /v0/asks/N/": "create",
    "GET /v0/instances/N/": "get",
    "GET /v1/instances/": "list",
    "DELETE /v0/instances/N/": "destroy",
    "POST /v0/instances/N/ssh/": "admit",
    "GET /v0/charges/": "charges",
  };
  return verbs[routeOf(asked)] ?? "other";
}

/** The key of an instance, which can start, stop and destroy it and nothing else. */
export function ownKey(id: string): string {
  return `instance-key-${id}`;
}

/** An instance as it tells it. */
export function told(machine: CloudMachine, order?: Create) {
  return instanceOf(machine, ask(machine.stock), order);
}

interface Search extends Readonly<Record<string, unknown>> {
  readonly q?: Search;
  readonly type?: string;
  readonly order?: readonly (readonly [string, "asc" | "desc"])[];
  readonly limit?: number;
  readonly allocated_storage?: number;
}

/** Keys of a search that are no filters. */
const SETTINGS = ["type", "order", "limit", "allocated_storage", "select_cols", "disable_bundling"];
const USUAL_LIMIT = 64;

function search(cloud: Cloud, body: Search): Reply {
  const { q = body } = body;
  const { type, order = [["score", "desc"]], limit = USUAL_LIMIT, allocated_storage } = q;
  const filters = Object.entries(q).filter(([name]) => !SETTINGS.includes(name));
  const asks = cloud.offered().map((stock) => ask(stock, type === "bid", allocated_storage));
  const unknown = filters.map(([name]) => name).find((name) =>
    asks.some((each) => columnOf(each, name) === undefined)
  );
  if (unknown !== undefined) return invalid("invalid_request", `no column ${unknown}`);
  const found = asks.filter((each) =>
    filters.every(([name, filter]) => matches(columnOf(each, name), filter as Filter))
  );
  for (const [name, direction] of order.toReversed()) {
    const by = (each: Ask) => Number(columnOf(each, name));
    found.sort((a, b) => (direction === "asc" ? 1 : -1) * (by(a) - by(b)));
  }
  return { json: { offers: found.slice(0, limit) } };
}

/** A column of an offer, or one that is only there to be asked for; undefined when there is none. */
function columnOf(offer: Ask, name: string): unknown {
  switch (name) {
    case "verified":
      return offer.verification === "verified";
    case "datacenter":
      return offer.hosting_type === 1;
    case "geolocation":
      return offer.geolocation.slice(-2);
    case "external":
      return offer.external ?? false;
    default:
      return offer[name as keyof Ask];
  }
}

type Filter = Readonly<Record<string, unknown>>;

/** Its own client sends numbers as text. */
function matches(value: unknown, filter: Filter): boolean {
  const isSame = (other: unknown) => String(other) === String(value);
  return Object.entries(filter).every(([operator, limit]) => {
    switch (operator) {
      case "eq":
        return isSame(limit);
      case "neq":
        return !isSame(limit);
      case "gt":
        return Number(value) > Number(limit);
      case "gte":
        return Number(value) >= Number(limit);
      case "lt":
        return Number(value) < Number(limit);
      case "lte":
        return Number(value) <= Number(limit);
      case "in":
        return (limit as unknown[]).some(isSame);
      case "notin":
        return !(limit as unknown[]).some(isSame);
      default:
        return false;
    }
  });
}

const HOST = { cpu_cores: 64, cpu_ram: 257_600 };
/** US dollars a GB and month. */
const STORAGE_COST = 0.15;

function storageOf(disk_gb: number): number {
  return disk_gb * STORAGE_COST / 720;
}

/** The least bid that wins now, for the whole machine without its disk. */
function leastBid({ price_per_hour }: Stock): number {
  return Math.round(price_per_hour * 500) / 1000;
}

/** CUDA compute capability x100 of cards that are not of the commonest kind. */
const COMPUTE_CAPS: Readonly<Record<string, number>> = { "RTX 3090": 860, "A100 80GB": 800, "H100": 900 };

/** An offer as it tells of it; `isBid`: at the price of the least bid. */
function ask(stock: Stock, isBid = false, disk_gb = LEAST_DISK_GB) {
  const { gpu_share = 1, is_datacenter = false } = stock;
  const storage = storageOf(disk_gb);
  const dph_base = isBid ? leastBid(stock) : stock.price_per_hour - storage;
  const dph_total = isBid ? dph_base + storage : stock.price_per_hour;
  return {
    id: Number(stock.id),
    ask_contract_id: Number(stock.id),
    bundle_id: Number(stock.id) + 1,
    machine_id: Number(stock.host),
    host_id: Number(stock.host) + 90_000,
    hosting_type: is_datacenter ? 1 : 0,
    external: null,
    gpu_name: wireName(stock),
    gpu_arch: "nvidia",
    num_gpus: stock.gpu_count,
    gpu_frac: gpu_share,
    gpu_ram: stock.card.memory_mib,
    gpu_total_ram: stock.card.memory_mib * stock.gpu_count,
    gpu_mem_bw: stock.bandwidth_gb_s,
    compute_cap: COMPUTE_CAPS[stock.gpu] ?? 890,
    pcie_bw: 24.5,
    cpu_name: "AMD EPYC 7543 32-Core Processor",
    cpu_arch: "amd64",
    cpu_ghz: 2.8,
    cpu_cores: HOST.cpu_cores,
    cpu_cores_effective: HOST.cpu_cores * gpu_share,
    cpu_ram: HOST.cpu_ram,
    disk_space: 900,
    disk_bw: 3120.4,
    inet_down: stock.download_mbps,
    inet_up: stock.download_mbps,
    inet_down_cost: 0.003,
    inet_up_cost: 0.003,
    storage_cost: STORAGE_COST,
    storage_total_cost: storage,
    dph_base,
    dph_total,
    discounted_dph_total: dph_total,
    min_bid: leastBid(stock),
    is_bid: isBid,
    dlperf: 100,
    dlperf_per_dphtotal: 100 / dph_total,
    score: 100 / dph_total,
    cuda_max_good: Number(stock.cuda),
    driver_version: "570.124.04",
    driver_vers: 570_124_004,
    reliability2: stock.reliability,
    reliability: stock.reliability,
    geolocation: `${stock.location}, ${stock.country}`,
    direct_port_count: 49,
    static_ip: true,
    verification: "verified",
    rentable: true,
    rented: false,
    vms_enabled: false,
    duration: 1_830_000,
    end_date: 1_797_984_000,
  };
}
type Ask = ReturnType<typeof ask>;

/** Its own names of cards that have several forms. */
const FORMS: Readonly<Record<string, string>> = { "A100 80GB": "A100 SXM4", "H100": "H100 SXM" };

function wireName({ gpu, card }: Stock): string {
  return FORMS[gpu] ?? card.name.replace(/^NVIDIA (GeForce )?/, "");
}
