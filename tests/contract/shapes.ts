// What the providers' documents and clients need of each answer, in our own words: the keys that must be there, and their types.
import { z } from "zod";

const money = z.number().min(0);
const count = z.int().min(0);
const id = z.string().min(1);
const time = z.iso.datetime();

// RunPod, REST v2.
const problem = (status: number) =>
  z.object({ title: id, status: z.literal(status), detail: id, errors: z.array(z.string()).optional() });
const level = z.enum(["NONE", "LOW", "MEDIUM", "HIGH"]);
const endpoint = z.object({ host: id, port: z.int(), username: id, command: id }).nullable();
const mount = z.object({ volumeId: id, path: id });
const gpuType = z.object({
  id,
  name: id,
  pool: z.string().nullable(),
  manufacturer: z.enum(["NVIDIA", "AMD", "UNKNOWN"]),
  memory: count,
  secure: z.boolean(),
  community: z.boolean(),
  price: z.object({ secure: money, community: money }),
  maxCount: z.object({ secure: count, community: count }),
  availability: level.optional(),
  dataCenters: z.array(z.object({ id, name: id, availability: level })).optional(),
});
const pod = z.object({
  id,
  name: z.string(),
  status: z.enum(["PROVISIONING", "STARTING", "RUNNING", "EXITED", "ERROR", "TERMINATED"]),
  actions: z.array(z.enum(["start", "stop", "restart", "terminate"])),
  image: id,
  args: z.string(),
  // These three are younger than the document of August 2026; clients read them.
  entrypoint: z.array(z.string()),
  cmd: z.array(z.string()),
  gpu: z.object({ id, count: count.min(1), vcpuCount: z.number().min(1), memory: z.number().min(1) }),
  disk: count,
  mounts: z.strictObject({ persistent: z.object({ size: count, path: id }), network: z.array(mount) })
    .partial(),
  ports: z.array(z.string().regex(/^\d+\/(tcp|http)$/)),
  env: z.record(z.string(), z.string()),
  registry: z.string().nullable(),
  cloud: z.enum(["SECURE", "COMMUNITY"]),
  dataCenterId: z.string().nullable(),
  cudaVersion: z.string().nullable(),
  ssh: z.object({ proxy: endpoint, direct: endpoint }),
  template: z.string().nullable(),
  cost: money,
  locked: z.boolean(),
  runtime: z.object({
    uptime: count,
    ports: z.array(
      z.object({ private: count, public: count.nullable(), type: id, ip: z.string().nullable() }),
    ),
  }).nullable(),
  createdAt: time,
  startedAt: time.nullable(),
  globalNetworking: z.object({ enabled: z.boolean() }),
});
const amounts = { totalAmount: money, gpuAmount: money, cpuAmount: money, diskAmount: money };
const keys = z.object({ keys: z.array(z.string()) });

// Lambda Cloud.
const data = <S extends z.ZodType>(held: S) => z.strictObject({ data: held });
const refusal = (code: string) =>
  z.strictObject({
    error: z.object({ code: z.literal(code), message: id, suggestion: z.string().optional() }),
  });
const region = z.object({ name: z.string().regex(/^[a-z]+(-[a-z]+)+-\d$/), description: id });
const instanceType = z.object({
  name: id,
  description: id,
  gpu_description: id,
  price_cents_per_hour: count,
  specs: z.object({ vcpus: count, memory_gib: count, storage_gib: count, gpus: count }),
});
const action = z.object({ available: z.boolean() });
const instance = z.object({
  id,
  name: z.string().max(64),
  ip: z.ipv4(),
  status: z.enum(["booting", "active", "unhealthy", "terminated", "terminating", "preempted"]),
  ssh_key_names: z.array(id).length(1),
  file_system_names: z.array(id),
  region,
  instance_type: instanceType,
  actions: z.object({
    migrate: action,
    rebuild: action,
    restart: action,
    cold_reboot: action,
    terminate: action,
  }),
  tags: z.array(z.object({ key: id, value: z.string() })),
});
const sshKey = z.strictObject({ id, name: id.max(64), public_key: id.max(4096) });

// TensorDock, as its Terraform client reads it: whole numbers are whole.
const named = { city: z.string(), stateprovince: z.string(), country: z.string(), tier: count };
const pricing = z.object({ per_vcpu_hr: money, per_gb_ram_hr: money, per_gb_storage_hr: money });
const location = z.object({
  id,
  ...named,
  gpus: z.array(z.object({
    v0Name: id,
    displayName: id,
    max_count: count,
    price_per_hr: money,
    resources: z.object({ max_vcpus: count, max_ram_gb: count, max_storage_gb: count }),
    pricing,
    network_features: z.object({
      dedicated_ip_available: z.boolean(),
      port_forwarding_available: z.boolean(),
      network_storage_available: z.boolean(),
    }),
  })),
});
const hostnode = z.object({
  id,
  location_id: id,
  engine: id,
  uptime_percentage: z.number(),
  available_resources: z.object({
    gpus: z.array(z.object({ v0Name: id, availableCount: count, price_per_hr: money })),
    vcpu_count: count,
    ram_gb: count,
    storage_gb: count,
    max_vcpus_per_gpu: count,
    max_ram_per_gpu: count,
    available_ports: z.array(count),
    has_public_ip_available: z.boolean(),
  }),
  pricing,
  location: z.object({ uuid: id, ...named, network_speed_gbps: z.number() }),
});
const machine = z.object({
  id,
  name: z.string(),
  status: id,
  ipAddress: z.string().nullable(),
  rateHourly: money,
  portForwards: z.array(z.object({ internal_port: count, external_port: count })),
  resources: z.object({
    vcpu_count: count,
    ram_gb: count,
    storage_gb: count,
    gpus: z.record(z.string(), z.object({ count, v0Name: id })),
  }),
});
const done = data(z.object({ type: z.literal("success"), attributes: z.object({ message: id }) }));
/** An error in an answer of status 200, or what is wrong with a request. */
const inside = z.union([
  z.object({ status: z.int().min(400), error: id }),
  z.array(z.object({ code: id, message: id, path: z.array(z.string()) })).nonempty(),
]);
const missing = z.object({ error: z.string().regex(/ not found$/) });
const secret = { id, name: id, type: id };
const nothing = z.undefined();
const LAUNCH = "POST /instance-operations/launch";
const TERMINATE = "POST /instance-operations/terminate";
const GONE = "global/object-does-not-exist";
const INVALID = "global/invalid-parameters";

/** By provider, then by route and status. */
export const SHAPES: Readonly<Record<string, Readonly<Record<string, z.ZodType>>>> = {
  runpod: {
    "GET /catalog/gpus 200": z.object({ gpus: z.array(gpuType).nonempty() }),
    "GET /catalog/gpus 400": problem(400),
    "GET /account/ssh-keys 200": keys,
    "PUT /account/ssh-keys 200": keys,
    "GET /registries 200": z.object({ registries: z.array(z.object({ id, name: id })) }),
    "POST /pods 201": pod,
    "POST /pods 400": problem(400),
    "POST /pods 422": problem(422).required({ errors: true }),
    "GET /pods/{id} 200": pod,
    "GET /pods/{id} 404": problem(404),
    "GET /pods 200": z.object({ pods: z.array(pod).nonempty() }),
    "GET /pods 401": problem(401),
    "GET /pods 403": problem(403),
    "GET /billing/pods 200": z.object({
      records: z.array(z.object({ podId: id, startTime: time, endTime: time, ...amounts })).nonempty(),
      metadata: z.object({
        query: z.object({ startTime: time, endTime: time, bucketSize: z.literal("hour") }),
        recordCount: count,
        uniquePodCount: count,
        totals: z.object(amounts),
      }),
    }),
    "DELETE /pods/{id} 204": nothing,
    "DELETE /pods/{id} 404": problem(404),
  },
  lambda: {
    "GET /instance-types 200": data(
      z.record(
        z.string(),
        z.object({ instance_type: instanceType, regions_with_capacity_available: z.array(region) }),
      ),
    ),
    "GET /ssh-keys 200": data(z.array(sshKey).nonempty()),
    "GET /ssh-keys 401": refusal("global/invalid-api-key"),
    "POST /ssh-keys 200": data(z.union([sshKey, sshKey.extend({ private_key: id })])),
    "POST /ssh-keys 400": refusal(INVALID),
    "DELETE /ssh-keys/{id} 200": data(z.strictObject({})),
    "DELETE /ssh-keys/{id} 400": refusal(INVALID),
    [`${LAUNCH} 200`]: data(z.object({ instance_ids: z.array(id).length(1) })),
    [`${LAUNCH} 400`]: z.union([
      refusal(INVALID),
      refusal("instance-operations/launch/insufficient-capacity"),
    ]),
    [`${LAUNCH} 404`]: refusal(GONE),
    "GET /instances/{id} 200": data(instance),
    "GET /instances/{id} 404": refusal(GONE),
    "GET /instances 200": data(z.array(instance).nonempty()),
    [`${TERMINATE} 200`]: data(z.object({ terminated_instances: z.array(instance).nonempty() })),
    [`${TERMINATE} 404`]: refusal(GONE),
  },
  tensordock: {
    "GET /locations 200": data(z.object({ locations: z.array(location).nonempty() })),
    "GET /hostnodes 200": data(z.object({ hostnodes: z.array(hostnode).nonempty() })),
    "GET /hostnodes/{id} 200": data(hostnode),
    "GET /hostnodes/{id} 404": missing,
    "POST /secrets 201": data(z.object(secret)),
    "GET /secrets 200": data(z.object({ secrets: z.array(z.strictObject(secret)).nonempty() })),
    "GET /secrets/{id} 200": data(z.object({ ...secret, value: id })),
    "DELETE /secrets/{id} 200": done,
    "DELETE /secrets/{id} 404": missing,
    "POST /instances 200": inside,
    "POST /instances 201": data(z.object({ type: z.literal("virtualmachine"), id, name: id, status: id })),
    "GET /instances/{id} 200": machine,
    "GET /instances/{id} 404": missing,
    "GET /instances 200": data(z.object({ instances: z.array(machine).nonempty() })),
    "PUT /instances/{id}/modify 200": z.union([done, inside]),
    "POST /instances/{id}/stop 200": done,
    "POST /instances/{id}/start 200": done,
    "POST /instances/{id}/start 404": missing,
    "DELETE /instances/{id} 200": done,
    "DELETE /instances/{id} 404": missing,
  },
};
