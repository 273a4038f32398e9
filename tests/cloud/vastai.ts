// Vast.ai's protocol: slashes at the end of paths, gone machines as 200 with null, pages of 25, and errors of many shapes.
import type { Cloud, CloudMachine, Stock } from "./cloud.ts";
import type { Asked, Protocol, Reply, Verb } from "./server.ts";

/** Every shape that its 429 has. */
export const TOO_MANY: readonly Reply[] = [
  { status: 429, text: "API requests too frequent" },
  { status: 429, text: "API requests too frequent: endpoint threshold=4.5" },
  { status: 429, json: { detail: "API requests too frequent endpoint threshold=4.5" } },
  { status: 429, json: { success: false, error: "rate_limit_exceeded", msg: "slow down" } },
  {
    status: 429,
    json: {
      message:
        "...too many requests by the client.\n\nAPI requests too frequent: endpoint threshold=4.5*1.0\n\n",
      code: "429 Too Many Requests",
    },
  },
];
/** Its answer to an offer that is taken. */
export function noSuchAsk(id: string, status = 400): Reply {
  const msg = `error 404/3603: no_such_ask  Instance type by id ${id} is not available.`;
  return { status, json: { success: false, error: "invalid_args", msg, ask_id: Number(id) } };
}
export const AUTH_ERROR: Reply = {
  status: 404,
  json: { success: false, error: "auth_error", msg: "Invalid user key" },
};

export const NOT_FOUND: Reply = {
  status: 404,
  json: { success: false, error: "no_such_instance", msg: "Instance not found." },
};
const DAY_SECONDS = 86_400;
/** What it takes in a create; longer labels are not proven to work. */
const LONGEST = { label: 60, onstart: 4048 };
const LEAST_DISK_GB = 8;

export function vastai(cloud: Cloud): Protocol {
  let next = 29_410_500;
  const byId = (path: string): CloudMachine | undefined => {
    const machine = cloud.machines.get(/\/instances\/(\d+)\//.exec(path)?.[1] ?? "");
    return machine?.state === "gone" ? undefined : machine;
  };
  return {
    verbOf,
    async answer(asked, verb): Promise<Reply> {
      const machine = byId(asked.path);
      const given = String(asked.headers.authorization ?? "");
      const own = machine !== undefined && given === `Bearer ${ownKey(machine.id)}`;
      if (given !== `Bearer ${cloud.key}` && !own) return AUTH_ERROR;
      switch (verb) {
        case "offers":
          return { json: { offers: search(cloud, asked.body as Record<string, unknown>) } };
        case "create": {
          const id = asked.path.split("/")[3] ?? "";
          const stock = cloud.options.stock.find((each) => each.id === id);
          if (stock === undefined || !cloud.free(stock)) return noSuchAsk(id);
          const body = asked.body as Create;
          const fault = faultOf(body);
          if (fault !== null) return invalid("invalid_args", fault);
          next += 1;
          cloud.create(String(next), {
            label: body.label,
            stock,
            keys: [],
            diskGb: body.disk,
            env: (id) => ({ CONTAINER_ID: id, CONTAINER_API_KEY: ownKey(id) }),
            // A machine here has a system of its own only below its home.
            onstart: body.onstart.replaceAll("/etc/environment", "~/environment"),
          });
          return { json: { success: true, new_contract: next, instance_api_key: ownKey(String(next)) } };
        }
        case "get":
          return { json: { instances: machine === undefined ? null : told(machine) } };
        case "list":
          return page(cloud.present(), asked.query);
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
          return { status: 404, json: { success: false, error: "not_found", msg: asked.path } };
      }
    },
  };
}

function verbOf({ method, path }: Asked): Verb {
  const verbs: Record<string, Verb> = {
    "POST /v0/bundles/": "offers",
    "PUT /v0/asks/N/": "create",
    "GET /v0/instances/N/": "get",
    "GET /v1/instances/": "list",
    "DELETE /v0/instances/N/": "destroy",
    "POST /v0/instances/N/ssh/": "admit",
    "GET /v0/charges/": "charges",
  };
  return verbs[`${method} ${path.replace(/\/\d+\//, "/N/")}`] ?? "other";
}

/** The key of an instance, which can start, stop and destroy it and nothing else. */
export function ownKey(id: string): string {
  return `instance-key-${id}`;
}

interface Create {
  readonly image?: string;
  readonly disk: number;
  readonly label: string;
  readonly runtype?: string;
  readonly env?: unknown;
  readonly onstart: string;
  readonly price?: number;
}

function invalid(error: string, msg: string): Reply {
  return { status: 400, json: { success: false, error, msg } };
}

/** What is wrong with a create; null when it is taken. */
function faultOf({ image, disk, label, runtype, env, onstart, price }: Create): string | null {
  if (!image) return "image is required";
  if (disk < LEAST_DISK_GB) return "disk too small";
  if (!/^[a-z0-9-]+$/.test(label) || label.length > LONGEST.label) return "label_too_long";
  if (runtype !== "ssh_direct") return "we could not get in";
  if (typeof env !== "object") return "env is no object";
  if (onstart.length > LONGEST.onstart) return "onstart too long";
  return price === undefined ? null : "price is for bids";
}

/** A row for each instance and day, in pages; days that lie outside are left out. */
function charges(cloud: Cloud, query: URLSearchParams): Reply {
  const { day, type } = JSON.parse(query.get("select_filters") ?? "{}");
  if (typeof day?.gte !== "number" || typeof day?.lte !== "number") {
    return invalid("invalid_args", "Must provide both 'day' gte and lte filters for instance charges");
  }
  const rows = [...cloud.machines.values()].flatMap((machine) => {
    const beginning = Math.floor(machine.created_at / 1000 / DAY_SECONDS) * DAY_SECONDS;
    if (beginning < day.gte || beginning > day.lte || type?.in?.includes("instance") === false) return [];
    return [{
      start: beginning,
      end: beginning,
      type: "instance",
      source: `instance-${machine.id}`,
      amount: cloud.bill(machine),
      metadata: { label: machine.label },
      items: [],
    }];
  });
  const { shown, next_token } = cut(rows, query, 500);
  return {
    json: { success: true, count: shown.length, total: rows.length, next_token, results: shown },
  };
}

/** The page of `rows` that `query` asks for, of at most `most`. */
function cut<T>(rows: readonly T[], query: URLSearchParams, most: number) {
  const limit = Math.min(most, Number(query.get("limit") ?? most));
  const from = Number(query.get("after_token") ?? 0);
  const next_token = from + limit < rows.length ? String(from + limit) : null;
  return { shown: rows.slice(from, from + limit), next_token };
}

function search(cloud: Cloud, query: Record<string, unknown>): unknown[] {
  return cloud.offered().map(ask).filter((offer) =>
    Object.entries(query).every(([name, filter]) => matches(offer[name as keyof typeof offer], filter))
  ).sort((a, b) => a.dph_total - b.dph_total);
}

/** Keys that are no columns of an offer are settings of the search. */
function matches(value: unknown, filter: unknown): boolean {
  if (value === undefined || typeof filter !== "object" || filter === null || Array.isArray(filter)) {
    return true;
  }
  return Object.entries(filter).every(([operator, limit]) => {
    switch (operator) {
      case "eq":
        return value === limit;
      case "gte":
        return Number(value) >= Number(limit);
      case "lte":
        return Number(value) <= Number(limit);
      case "in":
        return (limit as unknown[]).some((each) => String(value).endsWith(String(each)));
      case "notin":
        return !(limit as unknown[]).some((each) => String(value).endsWith(String(each)));
      default:
        return false;
    }
  });
}

function ask(stock: Stock) {
  return {
    id: Number(stock.id),
    ask_contract_id: Number(stock.id),
    machine_id: Number(stock.host),
    host_id: Number(stock.host) + 90_000,
    gpu_name: wireName(stock),
    num_gpus: stock.gpu_count,
    gpu_ram: stock.card.memory_mib,
    gpu_total_ram: stock.card.memory_mib * stock.gpu_count,
    cpu_cores: null,
    disk_space: 900,
    inet_down: stock.download_mbps,
    inet_up: stock.download_mbps,
    inet_down_cost: 0.003,
    inet_up_cost: 0.003,
    storage_cost: 0.15,
    dph_base: stock.price_per_hour - 0.01,
    dph_total: stock.price_per_hour,
    cuda_max_good: Number(stock.cuda),
    driver_version: "570.124.04",
    reliability2: stock.reliability,
    reliability: stock.reliability,
    geolocation: `${stock.location}, ${stock.country}`,
    direct_port_count: 49,
    verification: "verified",
    rentable: true,
    rented: false,
    duration: 1_830_000,
  };
}

/** An instance as it tells it. */
export function told(machine: CloudMachine) {
  const { state, words, port, stock } = machine;
  const failed = state === "failed";
  return {
    id: Number(machine.id),
    label: machine.label,
    machine_id: Number(stock.host),
    actual_status: state === "starting"
      ? "loading"
      : failed
      ? "created"
      : state === "stopped"
      ? "exited"
      : "running",
    intended_status: "running",
    cur_state: state === "stopped" ? "stopped" : "running",
    next_state: "running",
    status_msg: words,
    public_ipaddr: state === "running" ? machine.faults.address ?? " 127.0.0.1" : null,
    ...(state === "running" ? { ports: { "22/tcp": [{ HostIp: "0.0.0.0", HostPort: String(port) }] } } : {}),
    ssh_host: null,
    ssh_port: null,
    image_runtype: "ssh_direct",
    dph_total: stock.price_per_hour,
    start_date: machine.created_at / 1000,
    gpu_name: wireName(stock),
    num_gpus: stock.gpu_count,
  };
}

function page(machines: readonly CloudMachine[], query: URLSearchParams): Reply {
  const orders = JSON.parse(query.get("order_by") ?? "[]") as { col: string }[];
  if (!orders.every(({ col }) => ["id", "label", "actual_status"].includes(col))) {
    return invalid("invalid_request", "not a stored column");
  }
  const { shown, next_token } = cut(machines, query, 25);
  const labels = Map.groupBy(machines, ({ label }) => label);
  return {
    json: {
      success: true,
      instances_found: shown.length,
      total_instances: machines.length,
      label_counts: Object.fromEntries([...labels].map(([label, each]) => [label, each.length])),
      next_token,
      instances: shown.map(told),
    },
  };
}

/** Its own names of cards that have several forms. */
const FORMS: Readonly<Record<string, string>> = { "A100 80GB": "A100 SXM4", "H100": "H100 SXM" };

function wireName({ gpu, card }: Stock): string {
  return FORMS[gpu] ?? card.name.replace(/^NVIDIA (GeForce )?/, "");
}
