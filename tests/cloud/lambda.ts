// Lambda Cloud's protocol: types by region, prices in cents, one registered key a launch, and errors told by their code.
import type { Cloud, CloudMachine, Stock } from "./cloud.ts";
import type { Asked, Protocol, Reply, Verb } from "./server.ts";

/** An error in its envelope. Not all bring a suggestion. */
export function refused(status: number, code: string, message = code, suggestion?: string): Reply {
  return { status, json: { error: { code, message, ...(suggestion === undefined ? {} : { suggestion }) } } };
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
  "Take another key.",
);
export const NOT_THERE = refused(404, "global/object-does-not-exist", "Specified instance does not exist.");

const INVALID = "global/invalid-parameters";
/** What the launch asks for by a name that nothing has. */
const NO_SUCH_NAME = refused(404, "global/object-does-not-exist", "Not found.", "List what there is.");

/** What a machine has for each of its GPUs. */
const SHARE = { vcpus: 26, memory_gib: 200 };
const STORAGE_GIB = 512;
const NAME_LENGTH = 64;
const KEY_LENGTH = 4096;
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
  const launched = new Map<string, Pick<Launch, "ssh_key_names" | "tags">>();
  const keyNamed = (name: string) => [...keys.values()].find((key) => key.name === name);
  const present = (id: string) => cloud.present().find((machine) => machine.id === id);
  const telling = (machine: CloudMachine) => {
    const { tags, ssh_key_names } = launched.get(machine.id) ?? {};
    return told(machine, tags, ssh_key_names);
  };

  function launch(body: Launch): Reply {
    const { region_name, instance_type_name, ssh_key_names, name = "", tags: wished = [], image } = body;
    if (ssh_key_names.length !== 1 || name.length > NAME_LENGTH || !wished.every(isTag)) {
      return refused(400, INVALID);
    }
    const key = keyNamed(ssh_key_names[0] ?? "");
    const rows = cloud.options.stock.filter((each) => typeOf(each) === instance_type_name);
    if (key === undefined || rows.length === 0 || (image && !FAMILIES.includes(image.family))) {
      return NO_SUCH_NAME;
    }
    const stock = rows.find((each) => regionOf(each) === region_name && cloud.free(each));
    if (stock === undefined) return NO_CAPACITY;
    const id = newId();
    launched.set(id, { tags: wished, ssh_key_names });
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
      const gone = keys.delete(path.split("/")[2] ?? "");
      return gone ? { json: { data: {} } } : refused(400, INVALID, "SSH key does not exist.");
    }
    const { name = "", public_key } = body as Partial<Key>;
    if (name === "" || name.length > NAME_LENGTH || !isKey(public_key)) return refused(400, INVALID);
    if (keyNamed(name) !== undefined) return refused(400, INVALID, "Key name must be unique");
    const id = newId();
    if (public_key === undefined) {
      const key = { id, name, public_key: `ssh-rsa ${id} ${name}` };
      keys.set(id, key);
      // The one time that it tells it.
      return { json: { data: { ...key, private_key: "not a key" } } };
    }
    const key = { id, name, public_key };
    keys.set(key.id, key);
    return { json: { data: key } };
  }

  return {
    verbOf,
    answer(asked, verb): Promise<Reply> | Reply {
      const given = asked.headers.authorization;
      if (given !== `Bearer ${cloud.key}` && given !== `Basic ${btoa(`${cloud.key}:`)}`) return INVALID_KEY;
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

const available = { available: true };
const ACTIONS = {
  migrate: available,
  rebuild: available,
  restart: available,
  cold_reboot: available,
  terminate: available,
};

/** An instance as it tells it; the port of its sshd stands in a tag, since all machines here share one host. */
export function told(
  { id, label, stock, state, port, faults }: CloudMachine,
  tags: readonly Tag[] = [],
  ssh_key_names: readonly string[] = [label],
) {
  const status = { starting: "booting", running: "active", failed: "unhealthy", stopped: "preempted" };
  return {
    id,
    name: label,
    ip: faults.address ?? "127.0.0.1",
    private_ip: "10.19.60.24",
    status: state === "gone" ? "terminated" : status[state],
    ssh_key_names,
    file_system_names: [],
    region: toldRegion(stock),
    instance_type: toldType(stock),
    hostname: "127-0-0-1",
    is_reserved: false,
    actions: ACTIONS,
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
    specs: {
      vcpus: SHARE.vcpus * stock.gpu_count,
      memory_gib: SHARE.memory_gib * stock.gpu_count,
      storage_gib: STORAGE_GIB,
      gpus: stock.gpu_count,
    },
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

/** A key may be left out: then one is made. */
function isKey(public_key: string | undefined): boolean {
  return public_key === undefined || (public_key !== "" && public_key.length <= KEY_LENGTH);
}

function isTag({ key, value }: Tag): boolean {
  return /^[a-z][a-z0-9-:]+$/.test(key) && key.length <= 55 && value.length <= 128;
}

function newId(): string {
  return crypto.randomUUID().replaceAll("-", "");
}
