// Lambda Cloud's protocol: types by region, prices in cents, one registered key a launch, and errors told by their code.
import type { Cloud, CloudMachine, Stock } from "./cloud.ts";
import type { Asked, Protocol, Reply, Verb } from "./server.ts";

/** An error in its envelope. */
export function refused(status: number, code: string, message = code): Reply {
  return { status, json: { error: { code, message } } };
}

/** Its 429, whose body is nowhere written down. */
export const TOO_MANY: readonly Reply[] = [
  { status: 429, text: "Too Many Requests" },
  { status: 429, json: {} },
  { ...refused(429, "global/too-many-requests"), headers: { "retry-after": "12" } },
];
export const NO_CAPACITY = refused(400, "instance-operations/launch/insufficient-capacity");
export const INVALID_KEY = refused(
  401,
  "global/invalid-api-key",
  "API key was invalid, expired, or deleted.",
);
export const NOT_THERE = refused(404, "global/object-does-not-exist", "Specified instance does not exist.");

const STORAGE_GIB = 512;
const NAME_LENGTH = 64;
const FAMILIES = ["lambda-stack-22-04", "lambda-stack-24-04", "ubuntu-24-04"];

interface Launch {
  readonly region_name: string;
  readonly instance_type_name: string;
  readonly ssh_key_names: readonly string[];
  readonly name?: string;
  readonly tags?: readonly Tag[];
  readonly image?: { readonly family: string };
}
interface Tag {
  readonly key: string;
  readonly value: string;
}
interface Key {
  readonly id: string;
  readonly name: string;
  readonly public_key: string;
}

export function lambda(cloud: Cloud): Protocol {
  const keys = new Map<string, Key>();
  const tags = new Map<string, readonly Tag[]>();
  const keyNamed = (name: string) => [...keys.values()].find((key) => key.name === name);
  const present = (id: string) => cloud.present().find((machine) => machine.id === id);
  const telling = (machine: CloudMachine) => told(machine, tags.get(machine.id));

  function launch(body: Launch): Reply {
    const { region_name, instance_type_name, ssh_key_names, name = "", tags: wished = [], image } = body;
    if (ssh_key_names.length !== 1 || name.length > NAME_LENGTH || !wished.every(isTag)) {
      return refused(400, "global/invalid-parameters");
    }
    const key = keyNamed(ssh_key_names[0] ?? "");
    const rows = cloud.options.stock.filter((each) => typeOf(each) === instance_type_name);
    if (key === undefined || rows.length === 0 || (image && !FAMILIES.includes(image.family))) {
      return NOT_THERE;
    }
    const stock = rows.find((each) => regionOf(each) === region_name && cloud.free(each));
    if (stock === undefined) return NO_CAPACITY;
    const id = newId();
    tags.set(id, wished);
    cloud.create(id, { label: name, stock, keys: [key.public_key], diskGb: STORAGE_GIB });
    return { json: { data: { instance_ids: [id] } } };
  }

  /** One id that it does not know, and it terminates none of them. */
  async function terminate({ instance_ids }: { instance_ids: readonly string[] }): Promise<Reply> {
    const machines = instance_ids.flatMap((id) => present(id) ?? []);
    if (machines.length < instance_ids.length) return NOT_THERE;
    await Promise.all(machines.map((machine) => cloud.destroy(machine)));
    const terminated_instances = machines.map((machine) => ({ ...telling(machine), status: "terminating" }));
    return { json: { data: { terminated_instances } } };
  }

  function keyring({ method, path, body }: Asked): Reply {
    if (method === "GET") return { json: { data: [...keys.values()] } };
    if (method === "DELETE") {
      return keys.delete(path.split("/")[2] ?? "") ? { json: { data: {} } } : NOT_THERE;
    }
    const { name, public_key } = body as Key;
    if (name.length > NAME_LENGTH) return refused(400, "global/invalid-parameters");
    if (keyNamed(name) !== undefined) return refused(400, "global/duplicate");
    const key = { id: newId(), name, public_key };
    keys.set(key.id, key);
    return { json: { data: key } };
  }

  return {
    verbOf,
    answer(asked, verb): Promise<Reply> | Reply {
      if (asked.headers.authorization !== `Bearer ${cloud.key}`) return INVALID_KEY;
      switch (verb) {
        case "offers":
          return { json: { data: types(cloud) } };
        case "create":
          return launch(asked.body as Launch);
        case "list":
          return { json: { data: cloud.present().map(telling) } };
        case "get": {
          const machine = present(asked.path.split("/")[2] ?? "");
          return machine === undefined ? NOT_THERE : { json: { data: telling(machine) } };
        }
        case "destroy":
          return terminate(asked.body as { instance_ids: string[] });
        case "keys":
          return keyring(asked);
        default:
          return { status: 404, text: "Not Found" };
      }
    },
  };
}

/** An instance as it tells it; the port of its sshd stands in a tag, since all machines here share one host. */
export function told({ id, label, stock, state, port, faults }: CloudMachine, tags: readonly Tag[] = []) {
  const status = { starting: "booting", running: "active", failed: "unhealthy", stopped: "preempted" };
  return {
    id,
    name: label,
    ip: faults.address ?? "127.0.0.1",
    private_ip: "10.19.60.24",
    status: state === "gone" ? "terminated" : status[state],
    ssh_key_names: [label],
    file_system_names: [],
    region: toldRegion(stock),
    instance_type: toldType(stock),
    hostname: "127-0-0-1",
    is_reserved: false,
    actions: { terminate: { available: true } },
    tags: [...tags, ...(port === null ? [] : [{ key: "ssh-port", value: String(port) }])],
  };
}

function verbOf({ method, path }: Asked): Verb {
  const verbs: Record<string, Verb> = {
    "GET /instance-types": "offers",
    "POST /instance-operations/launch": "create",
    "POST /instance-operations/terminate": "destroy",
    "GET /instances": "list",
    "GET /instances/N": "get",
    "GET /ssh-keys": "keys",
    "POST /ssh-keys": "keys",
    "DELETE /ssh-keys/N": "keys",
  };
  return verbs[`${method} ${path.replace(/^\/(instances|ssh-keys)\/[^/]+$/, "/$1/N")}`] ?? "other";
}

/** Every type, with the regions that have it now. */
function types(cloud: Cloud) {
  const offered = cloud.offered();
  return Object.fromEntries(cloud.options.stock.map((stock) => {
    const regions = offered.filter((each) => typeOf(each) === typeOf(stock)).map(toldRegion);
    const regions_with_capacity_available = [...new Map(regions.map((each) => [each.name, each])).values()];
    return [typeOf(stock), { instance_type: toldType(stock), regions_with_capacity_available }];
  }));
}

function toldType(stock: Stock) {
  const gib = Math.round(stock.card.memory_mib / 1024);
  const gpu_description = `${stock.gpu.replace(/ \d+GB/, "")} (${gib} GB)`;
  return {
    name: typeOf(stock),
    description: `${stock.gpu_count}x ${gpu_description}`,
    gpu_description,
    price_cents_per_hour: Math.round(stock.price_per_hour * 100),
    specs: { vcpus: 26, memory_gib: 200, storage_gib: STORAGE_GIB, gpus: stock.gpu_count },
  };
}

function toldRegion(stock: Stock) {
  return { name: regionOf(stock), description: `${stock.location}, ${stock.country}` };
}

/** `gpu_1x_rtx_4090`. */
function typeOf({ gpu, gpu_count }: Stock): string {
  return `gpu_${gpu_count}x_${gpu.toLowerCase().replace(/\W+/g, "_")}`;
}

/** The location where it is a region's code, else one made of country and location: `us-texas-1`. */
function regionOf({ location, country }: Stock): string {
  return /-\d$/.test(location) ? location : `${country}-${location}-1`.toLowerCase();
}

function isTag({ key, value }: Tag): boolean {
  return /^[a-z][a-z0-9-:]+$/.test(key) && key.length <= 55 && value.length <= 128;
}

function newId(): string {
  return crypto.randomUUID().replaceAll("-", "");
}
