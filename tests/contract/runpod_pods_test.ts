// What a matrix may wish of RunPod's pods: an image of any maker, memory and cores, a tier; and where a pod is reached.
import { deepEqual, equal, ok } from "node:assert/strict";
import { sshServer, startsSshItself } from "../../pipeline/providers/runpod_ssh.ts";
import { OfferLimits } from "../../pipeline/schema/offer.ts";
import { scripted } from "../cloud/server.ts";
import { never, open, type Opened, order, settled, wanted } from "./rented.ts";
import { at, create, machineOf, orderedOf, rented } from "./runpod.ts";

const limits = (changes: Partial<OfferLimits>) => OfferLimits.parse(changes);

async function createWith({ provider }: Opened, changes: Partial<OfferLimits>): Promise<string> {
  return await provider.create({ ...await order(provider), limits: limits(changes) }, never);
}

Deno.test("runpod's own images start sshd themselves, all others are given one", async () => {
  for (
    const image of [
      "runpod/pytorch:1.0.2-cu1281-torch280-ubuntu2404",
      "runpod/base",
      "docker.io/runpod/nvidia-pytorch@sha256:0f",
    ]
  ) ok(startsSshItself(image), image);
  for (
    const image of [
      "vllm/vllm-openai:latest",
      "runpod/worker-vllm:stable-cuda12.1.0",
      "runpod/pytorchlike:1",
      "ghcr.io/runpod/pytorch:1",
      "me/runpod/base:1",
    ]
  ) ok(!startsSshItself(image), image);
  await using opened = await open(rented);
  await createWith(opened, {});
  const own = orderedOf(opened);
  deepEqual([own.entrypoint, own.cmd], [undefined, undefined]);
  equal((own.env as Record<string, string>).RUNPOD_POD_USER, undefined);
});

Deno.test("runpod is asked for another image with our program in place of its own, as root, and then lets us in", async () => {
  await using opened = await open(rented);
  const id = await createWith(opened, { image: "vllm/vllm-openai:latest" });
  const { image, entrypoint, cmd, env, startSsh } = orderedOf(opened);
  deepEqual(
    { image, entrypoint, cmd, startSsh },
    {
      image: "vllm/vllm-openai:latest",
      entrypoint: ["/bin/sh"],
      cmd: ["-c", sshServer()],
      startSsh: true,
    },
  );
  equal((env as Record<string, string>).RUNPOD_POD_USER, "0");
  equal((await settled(opened.provider, id))?.state, "running");
  deepEqual(machineOf(opened, id).keys, [(env as Record<string, string>).PUBLIC_KEY]);
});

Deno.test("runpod's simulated cloud lets nobody into another image that starts no sshd", async () => {
  await using opened = await open(rented);
  await createWith(opened, { image: "vllm/vllm-openai:latest" });
  const { entrypoint: _, cmd: __, ...bare } = orderedOf(opened);
  const { url, cloud } = opened.started;
  const response = await fetch(`${url}/pods`, {
    method: "POST",
    headers: { authorization: `Bearer ${cloud.key}` },
    body: JSON.stringify({ ...bare, dataCenterIds: ["EU-RO-1"] }),
  });
  equal(response.status, 201);
  deepEqual(machineOf(opened, (await response.json()).id).keys, []);
});

Deno.test("runpod says of another image, and of no image of its own, that this was not tried", async () => {
  await using opened = await open(rented);
  const told = (changes: Partial<OfferLimits>) => opened.provider.caveat?.(limits(changes));
  deepEqual(
    [told({}), told({ image: "runpod/pytorch:1.0.2-cu1281-torch280-ubuntu2404" })],
    [null, null],
  );
  equal(
    told({ image: "vllm/vllm-openai:latest" }),
    "RunPod starts vllm/vllm-openai:latest with an SSH server of ours in place of its own program, which was not tried with an account yet",
  );
});

Deno.test("runpod is asked for hosts with the memory and the cores that are wanted, as shares of a GPU", async () => {
  const four = at("CA-MTL-1", { gpu_count: 4, price_per_hour: 2.76 });
  const gpuOf = async (changes: Partial<OfferLimits>, gpu_count: number) => {
    await using opened = await open(rented, { options: { stock: [at("US-TX-3"), four] } });
    const { provider } = opened;
    const [offer] = await provider.offers(wanted({ gpu_count }), never);
    ok(offer);
    await provider.create({ ...await order(provider), offer, limits: limits(changes) }, never);
    const { minRamPerGpu, minVcpuCountPerGpu } = orderedOf(opened).gpu as Record<string, number>;
    return [minRamPerGpu, minVcpuCountPerGpu];
  };
  deepEqual(await gpuOf({}, 1), [undefined, undefined]);
  deepEqual(await gpuOf({ min_ram_gb: 31.5, min_cpu_cores: 9 }, 1), [32, 9]);
  deepEqual(await gpuOf({ min_ram_gb: 130, min_cpu_cores: 30 }, 4), [33, 8]);
});

Deno.test("runpod without a host of such memory takes no order, so that another offer is taken", async () => {
  await using opened = await open(rented);
  await createWith(opened, { min_ram_gb: 63 }).then(
    () => ok(false, "it was taken"),
    (error) => equal(error.code, "offer_gone"),
  );
});

Deno.test("runpod is asked only for the tier that is wanted, and tells which one an offer has", async () => {
  await using opened = await open(rented);
  const tiers = async (changes: Partial<OfferLimits>) =>
    (await opened.provider.offers(wanted({ limits: limits(changes) }), never)).map(({ tier }) => tier);
  deepEqual(await tiers({}), ["secure", "secure", "community"]);
  const before = opened.started.asked.length;
  deepEqual(await tiers({ tier: "community" }), ["community"]);
  deepEqual(await tiers({ tier: "secure", min_cuda: 12.81 }), []);
  deepEqual(
    opened.started.asked.slice(before).map(({ asked }) => asked.query.get("cloud")),
    ["SECURE"],
  );
});

Deno.test("runpod has nothing interruptible, and is not asked for it", async () => {
  await using opened = await open(rented);
  const limit = limits({ market: "interruptible" });
  deepEqual(await opened.provider.offers(wanted({ limits: limit }), never), []);
  deepEqual(opened.started.asked, []);
});

Deno.test("runpod's pod is reached by its mapped port where it tells no direct way", async () => {
  const id = "k3v9x2m1qz7b5d";
  const mapped = { private: 22, public: 14022, type: "tcp", ip: "203.0.113.61" };
  const reached = async (pod: object) => {
    const reply = { json: { id, name: "ga-test-1-1795478400", status: "RUNNING", cost: 0.69, ...pod } };
    await using opened = await open(rented, { script: scripted({ get: { 0: { reply } } }) });
    const sighting = await opened.provider.get(id);
    return [sighting?.state, ...(sighting?.addresses ?? []).map((each) => each.kind === "ssh" && each.port)];
  };
  const direct = { host: "203.0.113.61", port: 15022 };
  const ssh = { direct: null };
  const web = { ...mapped, private: 8000, public: 14080 };
  deepEqual(await reached({ ssh: { direct }, runtime: { ports: [mapped] } }), ["running", 15022]);
  deepEqual(await reached({ ssh, runtime: { ports: [web, mapped] } }), ["running", 14022]);
  deepEqual(await reached({ runtime: { ports: [mapped] } }), ["running", 14022]);
  for (
    const ports of [null, [], [web], [{ ...mapped, public: null }], [{ ...mapped, ip: null }], [
      { ...mapped, type: "http" },
    ]]
  ) deepEqual(await reached({ ssh, runtime: { ports } }), ["starting"]);
  deepEqual(await reached({ ssh, runtime: null }), ["starting"]);
  deepEqual(await reached({ ssh, runtime: "soon" }), ["starting"]);
});

Deno.test("runpod's account keys go into pods that bring none, and none of its calls changes them", async () => {
  await using opened = await open(rented);
  const { url, cloud, asked } = opened.started;
  const headers = { authorization: `Bearer ${cloud.key}` };
  const call = async (method: string, path: string, body?: unknown) =>
    await (await fetch(`${url}${path}`, { method, headers, body: body ? JSON.stringify(body) : null }))
      .json();
  deepEqual(await call("GET", "/account/ssh-keys"), { keys: [] });
  deepEqual(await call("GET", "/registries"), { registries: [] });
  equal((await call("PUT", "/account/ssh-keys", { keys: ["no key"] })).status, 422);
  const keys = ["ssh-ed25519 AAAAC3 me@example.com"];
  deepEqual(await call("PUT", "/account/ssh-keys", { keys }), { keys });
  const calls = asked.length;
  const id = await create(opened);
  ok(!machineOf(opened, id).keys.includes(keys[0] ?? ""));
  ok(asked.slice(calls).every(({ verb }) => verb !== "keys"));
  const { env: _, ...bare } = orderedOf(opened);
  const pod = await call("POST", "/pods", { ...bare, dataCenterIds: ["EU-RO-1"] });
  deepEqual(machineOf(opened, pod.id).keys, keys);
});
