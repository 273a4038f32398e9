// RunPod's REST v2: lists in envelopes with cursors, errors as problem+json, bodies checked to the last field.
import type { Cloud, CloudMachine, Stock } from "./cloud.ts";
import { commandOf, CreatePod, envOf, invalid, problem, SshKeys, startsSshd } from "./runpod_order.ts";
import type { Asked, Protocol, Reply, Verb } from "./server.ts";

export { problem } from "./runpod_order.ts";

function tooMany(window: string, seconds: number): Reply {
  const reply = problem(429, "Too Many Requests", `rate limit exceeded for the ${window} window`);
  return { ...reply, headers: { ...reply.headers, "retry-after": String(seconds) } };
}

export const TOO_MANY: readonly Reply[] = [tooMany("minute", 12), tooMany("hour", 1812)];
export const UNAUTHORIZED = problem(401, "Unauthorized", "missing bearer token");
export const FORBIDDEN = problem(403, "Forbidden", "access denied");
export const NOT_FOUND = problem(404, "Not Found", "pod not found");
export const NO_CAPACITY = problem(
  400,
  "Bad Request",
  "There are no longer any instances available with the requested specifications. Please refresh and try again.",
);

const PAGE = 50;
const HOUR_MS = 3_600_000;

/** What every host here has for each of its GPUs. */
const HOST = { vcpus: 16, ram_gb: 62 };

/** The key that a pod finds in its environment. */
export function podKey(id: string): string {
  return `pod-key-${id}`;
}

export function runpod(cloud: Cloud): Protocol {
  const ordered = new Map<string, CreatePod>();
  let keys: readonly string[] = [];
  let calls = 0;
  const told = (machine: CloudMachine) => podOf(machine, ordered.get(machine.id));

  function create(body: unknown): Reply {
    const reading = CreatePod.safeParse(body);
    if (!reading.success) return invalid(reading.error);
    const pod = { ...reading.data, env: envOf(reading.data, keys) };
    if (pod.args !== undefined && (pod.entrypoint.length > 0 || pod.cmd.length > 0)) {
      return problem(400, "Bad Request", "args and entrypoint or cmd describe different commands");
    }
    if (!cloud.options.stock.some(({ card }) => card.name === pod.gpu.id)) {
      return problem(422, "Unprocessable Entity", `Unknown GPU type: ${pod.gpu.id}`);
    }
    const stock = matching(cloud.options.stock, pod.cloud, pod.gpu.count, pod.gpu.minCudaVersion ?? "0.0")
      .filter(({ card, location }) =>
        card.name === pod.gpu.id && pod.gpu.minRamPerGpu <= HOST.ram_gb &&
        pod.gpu.minVcpuCountPerGpu <= HOST.vcpus &&
        (pod.dataCenterIds.length === 0 || pod.dataCenterIds.includes(location))
      ).find((each) => cloud.free(each));
    if (stock === undefined) return NO_CAPACITY;
    const id = Array.from(crypto.getRandomValues(new Uint8Array(14)), (byte) => (byte % 36).toString(36))
      .join("");
    ordered.set(id, pod);
    const machine = cloud.create(id, {
      label: pod.name,
      stock,
      keys: startsSshd(pod) && pod.env.PUBLIC_KEY !== undefined ? pod.env.PUBLIC_KEY.split("\n") : [],
      diskGb: pod.disk,
      image: pod.image,
      env: () => ({ ...pod.env, RUNPOD_POD_ID: id, RUNPOD_API_KEY: podKey(id) }),
    });
    return { status: 201, json: { ...told(machine), status: "PROVISIONING" } };
  }

  async function answer(asked: Asked, verb: Verb): Promise<Reply> {
    const machine = cloud.machines.get(/^\/pods\/(\w+)$/.exec(asked.path)?.[1] ?? "");
    const pod = machine?.state === "gone" ? undefined : machine;
    const given = String(asked.headers.authorization ?? "").replace(/^Bearer /, "");
    const own = pod !== undefined && given === podKey(pod.id);
    if (given !== cloud.key && !own) return given.startsWith("pod-key-") ? FORBIDDEN : UNAUTHORIZED;
    if (own && verb !== "destroy") return FORBIDDEN;
    switch (verb) {
      case "offers":
        return catalog(cloud, asked.query);
      case "create":
        return create(asked.body);
      case "get":
        return pod === undefined ? NOT_FOUND : { json: told(pod) };
      case "list":
        return page("pods", cloud.present().map(told), asked.query);
      case "destroy":
        if (pod === undefined) return NOT_FOUND;
        // A machine that destroys itself must get its answer before it ends.
        if (own) setTimeout(() => cloud.destroy(pod), 0);
        else await cloud.destroy(pod);
        return { status: 204 };
      case "charges":
        return charges(cloud, asked.query);
      case "keys":
        return asked.method === "GET" ? { json: { keys } } : replaceKeys(asked.body);
      default:
        if (asked.path === "/registries") return { json: { registries: [] } };
        return problem(404, "Not Found", `no route for ${asked.path}`);
    }
  }

  function replaceKeys(body: unknown): Reply {
    const reading = SshKeys.safeParse(body);
    if (!reading.success) return invalid(reading.error);
    keys = reading.data.keys;
    return { json: { keys } };
  }

  return {
    verbOf,
    async answer(asked, verb) {
      calls += 1;
      const reply = await answer(asked, verb);
      return reply.status === 401 ? reply : { ...reply, headers: { ...reply.headers, ...rateLimit(calls) } };
    },
  };
}

function verbOf({ method, path }: Asked): Verb {
  const verbs: Record<string, Verb> = {
    "GET /catalog/gpus": "offers",
    "POST /pods": "create",
    "GET /pods/N": "get",
    "GET /pods": "list",
    "DELETE /pods/N": "destroy",
    "GET /billing/pods": "charges",
    "GET /account/ssh-keys": "keys",
    "PUT /account/ssh-keys": "keys",
  };
  return verbs[`${method} ${path.replace(/^\/pods\/\w+$/, "/pods/N")}`] ?? "other";
}

/** It counts and does not refuse: in a trial a minute is over at once. */
function rateLimit(calls: number): Record<string, string> {
  const left = (quota: number) => Math.max(0, quota - calls);
  return {
    "ratelimit-policy": '"minute";q=60;w=60, "hour";q=3000;w=3600, "day";q=50000;w=86400',
    "ratelimit": `"minute";r=${left(60)};t=12, "hour";r=${left(3000)};t=1812, "day";r=${
      left(50_000)
    };t=70112`,
  };
}

function page(field: string, items: readonly unknown[], query: URLSearchParams, more: object = {}): Reply {
  const from = Number(query.get("cursor") ?? 0);
  const to = from + Number(query.get("limit") ?? PAGE);
  const hasNextPage = to < items.length;
  const pagination = { hasNextPage, nextCursor: hasNextPage ? String(to) : null };
  return { json: { [field]: items.slice(from, to), ...more, pagination } };
}

function cloudOf({ id }: Stock): "SECURE" | "COMMUNITY" {
  return id.startsWith("COMMUNITY") ? "COMMUNITY" : "SECURE";
}

function matching(stock: readonly Stock[], cloud: string, count: number, leastCuda: string): Stock[] {
  return stock.filter((each) =>
    cloudOf(each) === cloud && each.gpu_count === count && atLeast(each.cuda, leastCuda)
  );
}

/** Compared as numbers of major and minor: 12.11 is above 12.2. */
function atLeast(version: string, least: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [leastMajor = 0, leastMinor = 0] = least.split(".").map(Number);
  return major > leastMajor || (major === leastMajor && minor >= leastMinor);
}

/** Every type of GPU, whichever cloud has it; what is free is told of the cloud that is asked for. */
function catalog(cloud: Cloud, query: URLSearchParams): Reply {
  if ((query.get("include") === "AVAILABILITY") !== query.has("product")) {
    return problem(400, "Bad Request", "product goes with include=AVAILABILITY");
  }
  if (!/^\d+(\.\d+)?$/.test(query.get("minCudaVersion") ?? "0")) {
    return problem(422, "Unprocessable Entity", "Request validation failed.");
  }
  const asked = matching(
    cloud.options.stock,
    query.get("cloud") ?? "SECURE",
    Number(query.get("count") ?? 1),
    query.get("minCudaVersion") ?? "0",
  );
  const offered = new Set(cloud.offered());
  const level = (stock: Stock) => offered.has(stock) ? "LOW" : "NONE";
  const gpus = [...Map.groupBy(cloud.options.stock, ({ card }) => card.name)].map(([id, all]) => {
    const here = asked.filter(({ card }) => card.name === id);
    const free = here.some((stock) => offered.has(stock));
    const dataCenters = here.filter(({ location }) => location !== "")
      .map((stock) => ({ id: stock.location, name: stock.location, availability: level(stock) }));
    const of = (name: string) => all.filter((stock) => cloudOf(stock) === name);
    const price = (stock: Stock[]) =>
      Math.min(...stock.map(({ price_per_hour, gpu_count }) => price_per_hour / gpu_count));
    const count = (stock: Stock[]) => Math.max(0, ...stock.map(({ gpu_count }) => gpu_count));
    const [secure, community] = [of("SECURE"), of("COMMUNITY")];
    return {
      id,
      name: all[0]?.gpu,
      pool: null,
      manufacturer: "NVIDIA",
      memory: Math.round((all[0]?.card.memory_mib ?? 0) / 1024),
      secure: secure.length > 0,
      community: community.length > 0,
      // A cloud that does not have it has a price all the same.
      price: {
        secure: secure.length > 0 ? price(secure) : 0.5,
        community: community.length > 0 ? price(community) : 0.5,
      },
      maxCount: { secure: count(secure), community: count(community) },
      availability: free ? "LOW" : "NONE",
      ...(free && dataCenters.length > 0 ? { dataCenters } : {}),
    };
  });
  return page("gpus", gpus, query);
}

/** A pod is called RUNNING from the start; it has an address once its container runs. */
function podOf(machine: CloudMachine, order: CreatePod | undefined) {
  const { id, label, stock, state, port, faults } = machine;
  const runs = state === "running";
  const status = state === "failed" ? "ERROR" : state === "stopped" ? "EXITED" : "RUNNING";
  const direct = {
    host: faults.address ?? "127.0.0.1",
    port,
    username: "root",
    command: `ssh root@127.0.0.1 -p ${port}`,
  };
  const mapped = order?.ports.map((each) => {
    const [inside, type] = each.split("/");
    return { private: Number(inside), public: port, type, ip: direct.host };
  });
  return {
    id,
    name: label,
    status,
    actions: status === "EXITED" ? ["start", "terminate"] : ["stop", "restart", "terminate"],
    gpu: {
      id: stock.card.name,
      count: stock.gpu_count,
      vcpuCount: HOST.vcpus * stock.gpu_count,
      memory: HOST.ram_gb * stock.gpu_count,
    },
    cloud: cloudOf(stock),
    dataCenterId: stock.location || null,
    cudaVersion: stock.cuda,
    image: order?.image,
    ...commandOf(order),
    disk: order?.disk,
    mounts: order?.mounts,
    registry: null,
    template: null,
    locked: false,
    ports: order?.ports,
    env: order?.env,
    cost: status === "EXITED" ? 0 : stock.price_per_hour,
    globalNetworking: { enabled: false },
    ssh: {
      direct: runs && order?.ports.includes("22/tcp") ? direct : null,
      proxy: {
        host: "ssh.runpod.io",
        port: 22,
        username: `${id}-64411eb2`,
        command: `ssh ${id}-64411eb2@ssh.runpod.io`,
      },
    },
    runtime: runs ? { uptime: 61, gpus: [], ports: mapped } : null,
    createdAt: new Date(machine.created_at).toISOString(),
    startedAt: runs ? new Date(machine.created_at).toISOString() : null,
  };
}

/** The records of a time, and what they come to. */
function charges(cloud: Cloud, query: URLSearchParams): Reply {
  const records = billing(cloud, query);
  const time = (name: string) => new Date(query.get(name) ?? Date.now()).toISOString();
  const sum = (of: "totalAmount" | "gpuAmount" | "cpuAmount" | "diskAmount") =>
    records.reduce((total, record) => total + record[of], 0);
  const metadata = {
    query: { startTime: time("startTime"), endTime: time("endTime"), bucketSize: "hour", podId: null },
    recordCount: records.length,
    uniquePodCount: new Set(records.map(({ podId }) => podId)).size,
    totals: {
      totalAmount: sum("totalAmount"),
      gpuAmount: sum("gpuAmount"),
      cpuAmount: sum("cpuAmount"),
      diskAmount: sum("diskAmount"),
    },
  };
  return page("records", records, query, { metadata });
}

/** A record for each hour in which a pod existed, by the share of its bill that falls into that hour. */
function billing(cloud: Cloud, query: URLSearchParams) {
  const time = (name: string, fallback: number) => Date.parse(query.get(name) ?? "") || fallback;
  const first = Math.floor(time("startTime", 0) / HOUR_MS);
  const end = Math.ceil(time("endTime", Date.now()) / HOUR_MS);
  return [...cloud.machines.values()].flatMap((machine) => {
    const from = machine.created_at;
    const to = Math.max(from + 1, machine.gone_at ?? Date.now());
    const hours = Array.from(
      { length: Math.ceil(to / HOUR_MS) - Math.floor(from / HOUR_MS) },
      (_, n) => Math.floor(from / HOUR_MS) + n,
    );
    return hours.filter((hour) => hour >= first && hour < end).map((hour) => {
      const within = Math.min(to, (hour + 1) * HOUR_MS) - Math.max(from, hour * HOUR_MS);
      const totalAmount = cloud.bill(machine) * within / (to - from);
      return {
        startTime: new Date(hour * HOUR_MS).toISOString(),
        endTime: new Date((hour + 1) * HOUR_MS).toISOString(),
        podId: machine.id,
        totalAmount,
        gpuAmount: totalAmount,
        cpuAmount: 0,
        diskAmount: 0,
      };
    });
  });
}
