// Answers of the simulated clouds, one of each kind that their providers and clients are given.
import type { Stock } from "../cloud/cloud.ts";
import { CARD } from "./runpod.ts";
import { stockOf } from "../cloud/stock.ts";
import { type CloudName, PROTOCOLS, startCloud, type StartedCloud } from "../cloud/mod.ts";
import { until } from "../until.ts";

export interface Answered {
  /** `GET /pods/{id}`. */
  readonly route: string;
  readonly status: number;
  /** undefined: it has no body. */
  readonly json: unknown;
}

/** Asks for a route; `id` stands for `{id}`. */
type Ask = (
  route: string,
  asked?: { readonly id?: string; readonly query?: string; readonly body?: unknown; readonly key?: string },
) => Promise<Answered>;

interface Told {
  readonly stock: readonly Stock[];
  talk(ask: Ask, started: StartedCloud): Promise<void>;
}

const PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAITest almanac";

/** Until a machine runs, as its provider tells it. */
async function running(ask: () => Promise<Answered>, status: string): Promise<void> {
  await until(async () => JSON.stringify((await ask()).json).includes(`"${status}"`) || null);
}

const POD = {
  name: "ga-test-1",
  image: "vllm/vllm-openai:latest",
  cloud: "SECURE",
  gpu: { id: CARD, count: 1, minCudaVersion: "12.8", minRamPerGpu: 32, minVcpuCountPerGpu: 8 },
  dataCenterIds: ["US-TX-3"],
  disk: 50,
  ports: ["22/tcp", "8000/http"],
  entrypoint: ["/bin/sh"],
  cmd: ["-c", "sshd"],
  env: { PUBLIC_KEY },
};

const LAUNCH = { region_name: "us-west-1", instance_type_name: "gpu_1x_h100", name: "ga-test-1" };

const VM = {
  name: "ga-test-1",
  type: "virtualmachine",
  image: "ubuntu2204",
  resources: {
    vcpu_count: 8,
    ram_gb: 32,
    storage_gb: 200,
    gpus: { "geforcertx4090-pcie-24gb": { count: 1 } },
  },
  useDedicatedIp: true,
  ssh_key: PUBLIC_KEY,
};
const virtualMachine = (attributes: object) => ({
  data: { type: "virtualmachine", attributes: { ...VM, ...attributes } },
});

const TALKS: Readonly<Record<Exclude<CloudName, "vastai">, Told>> = {
  runpod: {
    stock: [stockOf(`SECURE/US-TX-3/${CARD}`, "RTX 4090", { location: "US-TX-3" })],
    async talk(ask, { cloud }) {
      await ask("GET /catalog/gpus");
      await ask("GET /catalog/gpus", { query: "include=AVAILABILITY&product=POD&cloud=SECURE&count=1" });
      await ask("GET /catalog/gpus", { query: "include=AVAILABILITY" });
      await ask("GET /account/ssh-keys");
      await ask("PUT /account/ssh-keys", { body: { keys: [PUBLIC_KEY] } });
      await ask("GET /registries");
      await ask("POST /pods", { body: { ...POD, terminateAfter: "1h" } });
      const { json } = await ask("POST /pods", { body: POD });
      const { id } = json as { id: string };
      await ask("POST /pods", { body: POD });
      await running(() => ask("GET /pods/{id}", { id }), 'direct":{"host');
      await ask("GET /pods");
      await ask("GET /pods", { key: "another" });
      await ask("GET /pods", { key: "pod-key-of-another" });
      const machine = cloud.machines.get(id);
      if (machine !== undefined) machine.state = "stopped";
      await ask("GET /pods/{id}", { id });
      await ask("GET /billing/pods", {
        query: "startTime=2026-11-01T00:00:00Z&endTime=2099-01-01T00:00:00Z&bucketSize=hour",
      });
      await ask("DELETE /pods/{id}", { id });
      await ask("DELETE /pods/{id}", { id });
      await ask("GET /pods/{id}", { id });
    },
  },
  lambda: {
    stock: [stockOf("i1", "H100", { location: "us-west-1" })],
    async talk(ask) {
      await ask("GET /instance-types");
      await ask("GET /ssh-keys", { key: "another" });
      const { json: key } = await ask("POST /ssh-keys", { body: { name: "mine", public_key: PUBLIC_KEY } });
      await ask("POST /ssh-keys", { body: { name: "mine" } });
      await ask("POST /ssh-keys", { body: { name: "made" } });
      await ask("GET /ssh-keys");
      const launch = { ...LAUNCH, ssh_key_names: ["mine"], tags: [{ key: "almanac-label", value: "ga" }] };
      await ask("POST /instance-operations/launch", { body: { ...launch, ssh_key_names: [] } });
      await ask("POST /instance-operations/launch", { body: { ...launch, ssh_key_names: ["nobody"] } });
      const { json } = await ask("POST /instance-operations/launch", { body: launch });
      const id = (json as { data: { instance_ids: string[] } }).data.instance_ids[0] ?? "";
      await ask("POST /instance-operations/launch", { body: launch });
      await running(() => ask("GET /instances/{id}", { id }), "active");
      await ask("GET /instances");
      await ask("POST /instance-operations/terminate", { body: { instance_ids: [id] } });
      await ask("POST /instance-operations/terminate", { body: { instance_ids: [id] } });
      await ask("GET /instances/{id}", { id });
      const keyId = (key as { data: { id: string } }).data.id;
      await ask("DELETE /ssh-keys/{id}", { id: keyId });
      await ask("DELETE /ssh-keys/{id}", { id: keyId });
    },
  },
  tensordock: {
    stock: [stockOf("h1", "RTX 4090", { host: "l1", gpu_count: 2, location: "Texas" })],
    async talk(ask) {
      await ask("GET /locations");
      await ask("GET /hostnodes");
      await ask("GET /hostnodes/{id}", { id: "h1" });
      await ask("GET /hostnodes/{id}", { id: "nowhere" });
      const value = { name: "bench", type: "SSHKEY", value: PUBLIC_KEY };
      const { json: secret } = await ask("POST /secrets", {
        body: { data: { type: "secret", attributes: value } },
      });
      const secretId = (secret as { data: { id: string } }).data.id;
      await ask("GET /secrets");
      await ask("GET /secrets/{id}", { id: secretId });
      await ask("DELETE /secrets/{id}", { id: secretId });
      await ask("DELETE /secrets/{id}", { id: secretId });
      await ask("POST /instances", { body: virtualMachine({ hostnode_id: "h1", useDedicatedIp: false }) });
      await ask("POST /instances", { body: virtualMachine({ hostnode_id: "gone" }) });
      const { json } = await ask("POST /instances", { body: virtualMachine({ hostnode_id: "h1" }) });
      const { id } = (json as { data: { id: string } }).data;
      await running(() => ask("GET /instances/{id}", { id }), "running");
      await ask("GET /instances");
      const size = { cpuCores: 16, ramGb: 64, diskGb: 300 };
      const modification = { ...size, gpus: { gpuV0Name: "geforcertx4090-pcie-24gb", count: 2 } };
      await ask("PUT /instances/{id}/modify", { id, body: modification });
      await ask("POST /instances/{id}/stop", { id });
      await ask("PUT /instances/{id}/modify", { id, body: { ...modification, cpuCores: 15 } });
      await ask("PUT /instances/{id}/modify", { id, body: { ...modification, diskGb: 100 } });
      await ask("PUT /instances/{id}/modify", { id, body: modification });
      await ask("GET /instances/{id}", { id });
      await ask("POST /instances/{id}/start", { id });
      await ask("GET /instances/{id}", { id });
      await ask("DELETE /instances/{id}", { id });
      await ask("DELETE /instances/{id}", { id });
      await ask("GET /instances/{id}", { id });
      await ask("POST /instances/{id}/start", { id });
    },
  },
};

/** What a simulated cloud answers, from its offers to the end of a machine. */
export async function answersOf(name: keyof typeof TALKS): Promise<Answered[]> {
  const { stock, talk } = TALKS[name];
  const options = { stock, pace: 0.001, hollowPort: 2222 };
  await using started = await startCloud(PROTOCOLS[name], options);
  const answers: Answered[] = [];
  const ask: Ask = async (route, { id = "", query = "", body, key = started.cloud.key } = {}) => {
    const [method = "", path = ""] = route.split(" ");
    const url = `${started.url}${path.replace("{id}", id)}${query === "" ? "" : `?${query}`}`;
    const response = await fetch(url, {
      method,
      headers: { authorization: `Bearer ${key}` },
      body: body === undefined ? null : JSON.stringify(body),
    });
    const text = await response.text();
    const answered = {
      route,
      status: response.status,
      json: text === "" ? undefined : JSON.parse(text),
    };
    answers.push(answered);
    return answered;
  };
  await talk(ask, started);
  return answers;
}
