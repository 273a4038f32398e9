// TensorDock's protocol: errors in answers of status 200, faults as bare arrays, a list in one of five envelopes, stale inventory.
import type { Cloud, CloudMachine } from "./cloud.ts";
import type { Asked, Protocol, Reply, Verb } from "./server.ts";
import { hostnodesOf, locationsOf, PRICING, v0Name } from "./tensordock_hosts.ts";
import { done, missing, secretStore } from "./tensordock_secrets.ts";

export { locationsOf } from "./tensordock_hosts.ts";

/** An error as it comes inside an answer of status 200. */
export function inside(error: string, status = 400): Reply {
  return { json: { status, error } };
}
/** What is wrong with a request. */
export function faults(...messages: string[]): Reply {
  const path = ["data", "attributes"];
  return { json: messages.map((message) => ({ code: "custom", message, path })) };
}
export const NO_NODES = inside("No available nodes found");
export const NO_HOST = inside("Hostnode unavailable");
export const NO_PUBLIC_IP = inside("No available public IPs");
export const NOT_FORWARDED = "SSH port (22) must be forwarded for Ubuntu VMs";
export const WRONG_KEY: Reply = { status: 401, json: { error: "Unauthorized" } };
export const NOT_FOUND = missing("Instance");
const NO_ROUTE: Reply = { status: 404, text: "<!DOCTYPE html><title>404</title>" };

export const TOO_MANY: readonly Reply[] = [
  { status: 429, json: { error: "Rate limit exceeded" } },
  { status: 429, text: "Too Many Requests", headers: { "retry-after": "2" } },
];

type Told = Readonly<Record<string, unknown>>;
/** The shapes in which its list of machines was seen. */
export const ENVELOPES = {
  "a bare array": (told: readonly Told[]): unknown => told,
  "an array as data": (told: readonly Told[]): unknown => ({ data: told }),
  "flat machines in data": (told: readonly Told[]): unknown => ({ data: { instances: told } }),
  "machines with attributes in data": (told: readonly Told[]): unknown => ({
    data: { instances: told.map(nested) },
  }),
  "machines with attributes in attributes": (told: readonly Told[]): unknown => ({
    data: { type: "list", id: "instances", attributes: { instances: told.map(nested) } },
  }),
};

export interface Variant {
  readonly envelope?: keyof typeof ENVELOPES;
  /** Whether its locations have addresses to give away. */
  readonly publicIps?: boolean;
}

/** A stock's `host` is the id of its location; a machine's price is that of its GPUs and all that comes with them. */
export function tensordock(cloud: Cloud, variant: Variant = {}): Protocol {
  const { envelope = "flat machines in data", publicIps = true } = variant;
  const flashed = new Set<string>();
  const sized = new Map<string, Size>();
  const switchedOff = new Set<string>();
  const secrets = secretStore();
  const seen = (machine: CloudMachine): Told => {
    const first = !flashed.has(machine.id);
    flashed.add(machine.id);
    const shown = told(machine, first && machine.state === "starting", sized.get(machine.id));
    return machine.state === "stopped" && switchedOff.has(machine.id)
      ? { ...shown, status: "stopped" }
      : shown;
  };

  function create({ data }: Asking): Reply {
    const wrong = faultsOf(data);
    if (wrong.length > 0) return faults(...wrong);
    const { name = "", location_id, hostnode_id, resources, useDedicatedIp, cloud_init } = data.attributes;
    const [[gpu, { count }] = ["", { count: 0 }]] = Object.entries(resources.gpus ?? {});
    const stock = cloud.options.stock.find((each) =>
      (hostnode_id === undefined ? each.host === location_id : each.id === hostnode_id) &&
      v0Name(each) === gpu && each.gpu_count >= count && cloud.free(each)
    );
    if (stock === undefined) return hostnode_id === undefined ? NO_NODES : NO_HOST;
    if (useDedicatedIp === true && !publicIps) return NO_PUBLIC_IP;
    const { vcpu_count, ram_gb, storage_gb } = resources;
    const size = { vcpu_count, ram_gb, storage_gb };
    const id = crypto.randomUUID();
    sized.set(id, size);
    const { label } = cloud.create(id, {
      label: name,
      stock: { ...stock, gpu_count: count, price_per_hour: rate(stock.price_per_hour, count, size) },
      keys: keysFor("/home/user", cloud_init?.runcmd ?? []),
      diskGb: storage_gb,
    });
    return { status: 201, json: { data: { type: "virtualmachine", id, name: label, status: "queued" } } };
  }

  /** Turned off it keeps its GPU, and its price. */
  async function turn(machine: CloudMachine, on: boolean): Promise<Reply> {
    if (on) {
      await machine.running?.pickUp();
      switchedOff.delete(machine.id);
    } else {
      await machine.running?.hangUp();
      switchedOff.add(machine.id);
    }
    machine.state = on ? "running" : "stopped";
    return done(on ? "started" : "stopped");
  }

  /** Only while it is off; a disk never becomes smaller. */
  function modify(machine: CloudMachine, body: Modification): Reply {
    const before = sized.get(machine.id) ?? { vcpu_count: 0, ram_gb: 0, storage_gb: 0 };
    const { cpuCores = before.vcpu_count, ramGb = before.ram_gb, diskGb = before.storage_gb, gpus } = body;
    if (machine.state !== "stopped") return inside("Instance must be stopped");
    if (cpuCores % 2 !== 0) return inside("CPU cores must be a multiple of 2");
    if (diskGb < before.storage_gb) return inside("Storage cannot be reduced");
    const size = { vcpu_count: cpuCores, ram_gb: ramGb, storage_gb: diskGb };
    const { stock } = machine;
    const count = gpus?.count ?? stock.gpu_count;
    const perGpu = (stock.price_per_hour - rate(0, 0, before)) / stock.gpu_count;
    sized.set(machine.id, size);
    Object.assign(machine, {
      stock: { ...stock, gpu_count: count, price_per_hour: rate(perGpu, count, size) },
    });
    return done("modified");
  }

  function hostnodes(path: string): Reply {
    const all = hostnodesOf(cloud.offered(), publicIps);
    const id = path.split("/")[2];
    if (id === undefined) return { json: { data: { hostnodes: all } } };
    const data = all.find((each) => each.id === id);
    return data === undefined ? missing("Hostnode") : { json: { data } };
  }

  async function other(asked: Asked, machine: CloudMachine | undefined): Promise<Reply> {
    const [, room = "", , act] = asked.path.split("/");
    if (room === "secrets") return secrets(asked);
    if (room !== "instances" || act === undefined) return NO_ROUTE;
    if (machine === undefined) return NOT_FOUND;
    if (asked.method === "PUT" && act === "modify") return modify(machine, asked.body as Modification);
    const isSwitch = asked.method === "POST" && (act === "start" || act === "stop");
    return isSwitch ? await turn(machine, act === "start") : NO_ROUTE;
  }
  return {
    verbOf,
    async answer(asked, verb): Promise<Reply> {
      if (asked.headers.authorization !== `Bearer ${cloud.key}`) return WRONG_KEY;
      const machine = cloud.machines.get(asked.path.split("/")[2] ?? "");
      const present = machine?.state === "gone" ? undefined : machine;
      switch (verb) {
        case "offers":
          if (asked.path.startsWith("/hostnodes")) return hostnodes(asked.path);
          return { json: { data: { locations: locationsOf(cloud.offered(), publicIps) } } };
        case "create":
          return create(asked.body as Asking);
        case "list":
          return { json: ENVELOPES[envelope](cloud.present().map(seen)) };
        case "get":
          return present === undefined ? NOT_FOUND : { json: seen(present) };
        case "destroy":
          if (present === undefined) return NOT_FOUND;
          await cloud.destroy(present);
          return done("deleted");
        default:
          return await other(asked, present);
      }
    },
  };
}

function verbOf({ method, path }: Asked): Verb {
  const verbs: Record<string, Verb> = {
    "GET /locations": "offers",
    "GET /hostnodes": "offers",
    "GET /hostnodes/ID": "offers",
    "POST /instances": "create",
    "GET /instances": "list",
    "GET /instances/ID": "get",
    "DELETE /instances/ID": "destroy",
  };
  return verbs[`${method} ${path.replace(/^\/(instances|hostnodes)\/[^/]+$/, "/$1/ID")}`] ?? "other";
}

interface Size {
  readonly vcpu_count: number;
  readonly ram_gb: number;
  readonly storage_gb: number;
}

interface Modification {
  readonly cpuCores?: number;
  readonly ramGb?: number;
  readonly diskGb?: number;
  readonly gpus?: { readonly gpuV0Name: string; readonly count: number };
}

interface Asking {
  readonly data: {
    readonly type: string;
    readonly attributes: {
      readonly name?: string;
      readonly type?: string;
      readonly location_id?: string;
      readonly hostnode_id?: string;
      readonly resources: Size & {
        readonly gpus?: Readonly<Record<string, { readonly count: number }>>;
      };
      readonly useDedicatedIp?: boolean;
      readonly port_forwards?: readonly { readonly internal_port: number }[];
      readonly ssh_key?: string;
      readonly cloud_init?: { readonly runcmd?: readonly string[] };
    };
  };
}

/** What is wrong with a create. */
function faultsOf({ type, attributes }: Asking["data"]): string[] {
  const { name, location_id, hostnode_id, resources, useDedicatedIp, port_forwards, ssh_key } = attributes;
  const forwarded = port_forwards?.some(({ internal_port }) => internal_port === 22) ?? false;
  return [
    ...(type === "virtualmachine" && attributes.type === type ? [] : ["Invalid type"]),
    ...(name === undefined ? ["Name is required"] : []),
    ...((location_id === undefined) === (hostnode_id === undefined) ? ["Either location or hostnode"] : []),
    ...(ssh_key === undefined ? ["SSH key is required"] : []),
    ...(resources.storage_gb >= 100 ? [] : ["Storage must be at least 100GB"]),
    ...(useDedicatedIp === true || forwarded ? [] : [NOT_FORWARDED]),
  ];
}

/** Dollars an hour of GPUs and all that comes with them. */
function rate(perGpu: number, count: number, { vcpu_count, ram_gb, storage_gb }: Size): number {
  return perGpu * count + PRICING.per_vcpu_hr * vcpu_count + PRICING.per_gb_ram_hr * ram_gb +
    PRICING.per_gb_storage_hr * storage_gb;
}

/** The keys that the first boot writes: `ssh_key` alone lets nobody in. */
function keysFor(home: string, commands: readonly string[]): string[] {
  return commands.flatMap((command) =>
    [...command.matchAll(/echo '([^']+)' >> (\S+)\/\.ssh\/authorized_keys/g)]
      .flatMap(([, key = "", folder]) => folder === home ? [key] : [])
  );
}

/** A machine that starts can be told as stopped for a moment. */
function told({ id, label, state, port, stock, faults }: CloudMachine, flash: boolean, size?: Size): Told {
  const status = {
    starting: flash ? "stopped_disassociated" : "queued",
    running: "running",
    failed: "Error",
    stopped: "StoppedDisassociated",
    gone: "deleted",
  }[state];
  return {
    type: "virtualmachine",
    id,
    name: label,
    status,
    ipAddress: state === "running" ? faults.address ?? "127.0.0.1" : null,
    portForwards: state === "running" ? [{ internal_port: 22, external_port: port }] : [],
    resources: { ...size, gpus: { [v0Name(stock)]: { count: stock.gpu_count, v0Name: v0Name(stock) } } },
    rateHourly: stock.price_per_hour,
  };
}

function nested({ type, id, ...attributes }: Told): Told {
  return { type, id, attributes };
}
