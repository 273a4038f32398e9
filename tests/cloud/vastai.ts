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

const NOT_FOUND: Reply = {
  status: 404,
  json: { success: false, error: "no_such_instance", msg: "not found" },
};

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
          const body = asked.body as { label: string; disk: number; onstart: string };
          if (body.onstart.length > 4096) {
            return { status: 400, json: { success: false, error: "invalid_args", msg: "onstart too long" } };
          }
          next += 1;
          cloud.create(String(next), {
            label: body.label,
            stock,
            keys: [],
            diskGb: body.disk,
            env: (id) => ({ CONTAINER_ID: id, CONTAINER_API_KEY: ownKey(id) }),
            onstart: body.onstart,
          });
          return { json: { success: true, new_contract: next, instance_api_key: ownKey(String(next)) } };
        }
        case "get":
          return { json: { instances: machine === undefined ? null : told(machine) } };
        case "list":
          return { json: page(cloud.present(), asked.query) };
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
          return {
            json: {
              success: true,
              next_token: null,
              results: [...cloud.machines.values()].map((each) => ({
                type: "instance",
                source: `instance-${each.id}`,
                amount: cloud.bill(each),
                metadata: { label: each.label },
                items: [],
              })),
            },
          };
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

function ownKey(id: string): string {
  return `instance-key-${id}`;
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
    gpu_name: stock.card.name.replace(/^NVIDIA (GeForce )?/, ""),
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

function told(machine: CloudMachine) {
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
    public_ipaddr: state === "running" ? " 127.0.0.1" : null,
    ...(state === "running" ? { ports: { "22/tcp": [{ HostIp: "0.0.0.0", HostPort: String(port) }] } } : {}),
    ssh_host: null,
    ssh_port: null,
    image_runtype: "ssh_direct",
    dph_total: stock.price_per_hour,
    start_date: machine.created_at / 1000,
    gpu_name: stock.card.name,
    num_gpus: stock.gpu_count,
  };
}

function page(machines: readonly CloudMachine[], query: URLSearchParams) {
  const limit = Math.min(25, Number(query.get("limit") ?? 25));
  const from = Number(query.get("after_token") ?? 0);
  const shown = machines.slice(from, from + limit);
  return {
    success: true,
    instances_found: shown.length,
    total_instances: machines.length,
    next_token: from + limit < machines.length ? String(from + limit) : null,
    instances: shown.map(told),
  };
}
