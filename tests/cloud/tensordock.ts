// TensorDock's protocol: errors in answers of status 200, faults as bare arrays, a list in one of five envelopes, stale inventory.
import type { Cloud, CloudMachine, Stock } from "./cloud.ts";
import type { Asked, Protocol, Reply, Verb } from "./server.ts";

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
export const NOT_FOUND: Reply = { status: 404, json: { error: "Instance not found" } };
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

const PRICING = { per_vcpu_hr: 0.003, per_gb_ram_hr: 0.002, per_gb_storage_hr: 0.00005 };
const COUNTRIES: Readonly<Record<string, string>> = { DE: "Germany", NO: "Norway", US: "United States" };

export interface Variant {
  readonly envelope?: keyof typeof ENVELOPES;
  /** Whether its locations have addresses to give away. */
  readonly publicIps?: boolean;
}

/** A stock's `host` is the id of its location; a machine's price is that of its GPUs and all that comes with them. */
export function tensordock(cloud: Cloud, variant: Variant = {}): Protocol {
  const { envelope = "flat machines in data", publicIps = true } = variant;
  const flashed = new Set<string>();
  const seen = (machine: CloudMachine): Told => {
    const first = !flashed.has(machine.id);
    flashed.add(machine.id);
    return told(machine, first && machine.state === "starting");
  };
  return {
    verbOf,
    async answer(asked, verb): Promise<Reply> {
      if (asked.headers.authorization !== `Bearer ${cloud.key}`) return WRONG_KEY;
      const machine = cloud.machines.get(asked.path.split("/")[2] ?? "");
      const present = machine?.state === "gone" ? undefined : machine;
      switch (verb) {
        case "offers":
          return { json: { data: { locations: locationsOf(cloud.offered(), publicIps) } } };
        case "create":
          return create(cloud, asked.body as Asking, publicIps);
        case "list":
          return { json: ENVELOPES[envelope](cloud.present().map(seen)) };
        case "get":
          return present === undefined ? NOT_FOUND : { json: seen(present) };
        case "destroy":
          if (present === undefined) return NOT_FOUND;
          await cloud.destroy(present);
          return { json: { data: { type: "success", attributes: { message: "deleted" } } } };
        default:
          return { status: 404, text: "<!DOCTYPE html><title>404</title>" };
      }
    },
  };
}

function verbOf({ method, path }: Asked): Verb {
  const verbs: Record<string, Verb> = {
    "GET /locations": "offers",
    "POST /instances": "create",
    "GET /instances": "list",
    "GET /instances/ID": "get",
    "DELETE /instances/ID": "destroy",
  };
  return verbs[`${method} ${path.replace(/^\/instances\/[^/]+$/, "/instances/ID")}`] ?? "other";
}

export function locationsOf(offered: readonly Stock[], publicIps = true) {
  return [...Map.groupBy(offered, ({ host }) => host)].map(([id, stocks]) => ({
    id,
    city: "Springfield",
    stateprovince: stocks[0]?.location,
    country: COUNTRIES[stocks[0]?.country ?? ""],
    tier: 3,
    gpus: stocks.map((stock) => ({
      v0Name: v0Name(stock),
      displayName: `${cardName(stock)} PCIe ${memoryGb(stock)}GB`,
      max_count: stock.gpu_count,
      price_per_hr: stock.price_per_hour,
      resources: { max_vcpus: 32, max_ram_gb: 128, max_storage_gb: 1000 },
      pricing: PRICING,
      network_features: {
        dedicated_ip_available: publicIps,
        port_forwarding_available: true,
        network_storage_available: false,
      },
    })),
  }));
}

function cardName({ gpu }: Stock): string {
  return `NVIDIA ${gpu.startsWith("RTX") ? "GeForce " : ""}${gpu.replace(/ \d+GB$/, "")}`;
}

function memoryGb({ card }: Stock): number {
  return Math.ceil(card.memory_mib / 1024);
}

function v0Name(stock: Stock): string {
  const name = cardName(stock).replace("NVIDIA", "").replace(/\W/g, "").toLowerCase();
  return `${name}-pcie-${memoryGb(stock)}gb`;
}

interface Asking {
  readonly data: {
    readonly type: string;
    readonly attributes: {
      readonly name?: string;
      readonly type?: string;
      readonly location_id?: string;
      readonly resources: {
        readonly vcpu_count: number;
        readonly ram_gb: number;
        readonly storage_gb: number;
        readonly gpus: Readonly<Record<string, { readonly count: number }>>;
      };
      readonly useDedicatedIp?: boolean;
      readonly port_forwards?: readonly { readonly internal_port: number }[];
      readonly ssh_key?: string;
      readonly cloud_init?: { readonly runcmd?: readonly string[] };
    };
  };
}

function create(cloud: Cloud, { data }: Asking, publicIps: boolean): Reply {
  const { name, location_id, resources, useDedicatedIp, port_forwards, ssh_key, cloud_init } =
    data.attributes;
  const forwarded = port_forwards?.some(({ internal_port }) => internal_port === 22) ?? false;
  const wrong = [
    ...(data.type === "virtualmachine" && data.attributes.type === data.type ? [] : ["Invalid type"]),
    ...(name === undefined ? ["Name is required"] : []),
    ...(ssh_key === undefined ? ["SSH key is required"] : []),
    ...(resources.storage_gb >= 100 ? [] : ["Storage must be at least 100GB"]),
    ...(useDedicatedIp === true || forwarded ? [] : [NOT_FORWARDED]),
  ];
  if (wrong.length > 0) return faults(...wrong);
  const [[gpu, { count }] = ["", { count: 0 }]] = Object.entries(resources.gpus);
  const stock = cloud.options.stock.find((each) =>
    each.host === location_id && v0Name(each) === gpu && each.gpu_count >= count && cloud.free(each)
  );
  if (stock === undefined) return NO_NODES;
  if (useDedicatedIp === true && !publicIps) return NO_PUBLIC_IP;
  const rate = stock.price_per_hour * count + PRICING.per_vcpu_hr * resources.vcpu_count +
    PRICING.per_gb_ram_hr * resources.ram_gb + PRICING.per_gb_storage_hr * resources.storage_gb;
  const { id, label } = cloud.create(crypto.randomUUID(), {
    label: name ?? "",
    stock: { ...stock, gpu_count: count, price_per_hour: rate },
    keys: keysFor("/home/user", cloud_init?.runcmd ?? []),
    diskGb: resources.storage_gb,
  });
  return { status: 201, json: { data: { type: "virtualmachine", id, name: label, status: "queued" } } };
}

/** The keys that the first boot writes: `ssh_key` alone lets nobody in. */
function keysFor(home: string, commands: readonly string[]): string[] {
  return commands.flatMap((command) =>
    [...command.matchAll(/echo '([^']+)' >> (\S+)\/\.ssh\/authorized_keys/g)]
      .flatMap(([, key = "", folder]) => folder === home ? [key] : [])
  );
}

/** A machine that starts can be told as stopped for a moment. */
function told({ id, label, state, port, stock, faults }: CloudMachine, flash: boolean): Told {
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
    resources: { gpus: { [v0Name(stock)]: { count: stock.gpu_count } } },
    rateHourly: stock.price_per_hour,
  };
}

function nested({ type, id, ...attributes }: Told): Told {
  return { type, id, attributes };
}
