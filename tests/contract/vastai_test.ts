// Vast.ai against its simulated cloud: the contract of all, and what only it offers and takes in a create.
import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import type { z } from "zod";
import { labelOf } from "../../pipeline/fleet/label.ts";
import { newRunId } from "../../pipeline/lib/run_id.ts";
import { HalfDone } from "../../pipeline/providers/provider.ts";
import { OfferLimits, UNTOLD } from "../../pipeline/schema/offer.ts";
import { type Reply, scripted } from "../cloud/server.ts";
import { stockOf } from "../cloud/stock.ts";
import * as cloud from "../cloud/vastai.ts";
import { contract, never, open, order, wanted, withCode } from "./rented.ts";
import { answering, create, rented, sent } from "./vastai.ts";

const LABEL = "ga-test-1-1795478400";

contract(rented);

Deno.test("vastai is asked for what is wanted, and all of its own defaults are said", async () => {
  await using opened = await open(rented);
  const limits = OfferLimits.parse({
    max_price_per_hour: 0.6,
    min_reliability: 0.97,
    min_download_mbps: 300,
    min_cuda: 12.8,
    not_countries: ["CN", "VN"],
  });
  await opened.provider.offers(wanted({ hours: 2.5, limits }), never);
  await opened.provider.offers(wanted({ gpu: "any", vram_gib: null, gpu_count: 2, disk_gb: 1 }), never);
  const [first, second] = sent(opened, "offers").map(({ body }) => body as Record<string, unknown>);
  deepEqual(first, {
    verified: { eq: true },
    rentable: { eq: true },
    rented: { eq: false },
    external: { eq: false },
    gpu_name: { in: ["RTX 4090"] },
    gpu_ram: { gte: 22855, lte: 26297 },
    num_gpus: { eq: 1 },
    disk_space: { gte: 60 },
    inet_down: { gte: 300 },
    reliability: { gte: 0.97 },
    reliability2: { gte: 0.97 },
    cuda_max_good: { gte: 12.8 },
    compute_cap: { gte: 600 },
    direct_port_count: { gte: 1 },
    duration: { gte: 9000 },
    dph_total: { lte: 0.6 },
    geolocation: { notin: ["CN", "VN"] },
    order: [["dph_total", "asc"]],
    limit: 200,
    type: "on-demand",
    allocated_storage: 60,
  });
  deepEqual([second?.num_gpus, second?.disk_space, second?.allocated_storage], [{ eq: 2 }, { gte: 8 }, 8]);
  for (const none of ["gpu_name", "gpu_ram", "dph_total", "geolocation"]) ok(!(none in (second ?? {})), none);
});

Deno.test("vastai is asked for what a host must have: main memory, cores, a data centre or none, all of its GPUs, and for bids", async () => {
  await using opened = await open(rented);
  const asking = async (limits: z.input<typeof OfferLimits>) => {
    await opened.provider.offers(wanted({ limits: OfferLimits.parse(limits) }), never);
    return sent(opened, "offers").at(-1)?.body as Record<string, unknown>;
  };
  const plain = await asking({});
  for (const none of ["cpu_ram", "cpu_cores_effective", "datacenter", "gpu_frac"]) {
    ok(!(none in plain), none);
  }
  const all = await asking({
    min_ram_gb: 64,
    min_cpu_cores: 16,
    tier: "secure",
    whole_machine: true,
    market: "interruptible",
  });
  const { cpu_ram, cpu_cores_effective, datacenter, gpu_frac, type } = all;
  deepEqual({ cpu_ram, cpu_cores_effective, datacenter, gpu_frac, type }, {
    cpu_ram: { gte: 61_035 },
    cpu_cores_effective: { gte: 16 },
    datacenter: { eq: true },
    gpu_frac: { eq: 1 },
    type: "bid",
  });
  deepEqual((await asking({ tier: "community" })).datacenter, { eq: false });
  ok(!("gpu_frac" in await asking({ whole_machine: false })));
});

Deno.test("vastai's cloud offers what was asked for and nothing else", async () => {
  const parts = { gpu_share: 0.25, price_per_hour: 0.2 };
  await using opened = await open(rented, {
    options: {
      stock: [
        stockOf("31842207", "RTX 4090", parts),
        stockOf("31842208", "RTX 4090", { is_datacenter: true, price_per_hour: 0.5 }),
      ],
    },
  });
  const found = async (limits: z.input<typeof OfferLimits>) => {
    const offers = await opened.provider.offers(wanted({ limits: OfferLimits.parse(limits) }), never);
    return offers.map(({ id }) => id).join(" ");
  };
  equal(await found({}), "31842207 31842208");
  equal(await found({ whole_machine: true }), "31842208");
  equal(await found({ tier: "secure" }), "31842208");
  equal(await found({ tier: "community" }), "31842207");
  equal(await found({ min_cpu_cores: 17 }), "31842208");
  equal(await found({ min_ram_gb: 400 }), "");
  equal(await found({ min_reliability: 0.995 }), "");
});

Deno.test("vastai's names of cards are asked for and understood", async () => {
  const called = {
    "A100 80GB": { "A100 SXM4": "A100 80GB SXM", "A100 PCIE": "A100 80GB PCIe" },
    "A100 80GB PCIe": { "A100 PCIE": "A100 80GB PCIe" },
    "H100": { "H100 SXM": "H100 SXM", "H100 PCIE": "H100 PCIe" },
    "H100 PCIe": { "H100 PCIE": "H100 PCIe" },
    "H200": { "H200": "H200" },
    "H200 NVL": { "H200 NVL": "H200 NVL" },
    "RTX 6000 Ada": { "RTX 6000Ada": "RTX 6000 Ada" },
    "RTX PRO 6000 Server": { "RTX PRO 6000 S": "RTX PRO 6000 Server" },
    "RTX 4070 Ti Super": { "RTX 4070S Ti": "RTX 4070 Ti Super" },
    "Quadro RTX 8000": { "Q RTX 8000": "Quadro RTX 8000" },
    "RTX 5060 Ti": { "RTX 5060 Ti": "RTX 5060 Ti" },
    "L40S": { "L40S": "L40S" },
    "Tesla M60": { "Tesla M60": "Tesla M60" },
  };
  const gpu_ram = 81_920;
  for (const [gpu, names] of Object.entries(called)) {
    const offers = [...Object.keys(names), "RTX 5060", "H100 NVL", "A100X", "RTX 4070S"]
      .map((gpu_name) => ({ ...ASK, gpu_name, gpu_ram }));
    await using opened = await answering("offers", { offers });
    const found = await opened.provider.offers(wanted({ gpu, vram_gib: null }), never);
    deepEqual(found.map((each) => each.gpu), Object.values(names));
    deepEqual((sent(opened, "offers")[0]?.body as Record<string, unknown>).gpu_name, {
      in: Object.keys(names),
    });
  }
});

Deno.test("vastai's one name for cards with several sizes of memory is told apart by it", async () => {
  const told = [["A100 SXM4", 40_960], ["A100 SXM4", 81_920], ["RTX 3080", 12_288], ["Tesla V100", 16_384]];
  const offers = told.map(([gpu_name, gpu_ram]) => ({ ...ASK, gpu_name, gpu_ram }));
  await using opened = await answering("offers", { offers: [ASK, ...offers] });
  const found = async (gpu: string) =>
    (await opened.provider.offers(wanted({ gpu, vram_gib: null }), never)).map((each) => each.gpu);
  deepEqual(await found("A100 40GB"), ["A100 40GB SXM"]);
  deepEqual(await found("RTX 3080"), []);
  deepEqual(await found("any"), [
    "RTX 4090",
    "A100 40GB SXM",
    "A100 80GB SXM",
    "RTX 3080 12GB",
    "V100 16GB",
  ]);
});

/** An offer as its documentation shows it. */
const ASK = {
  id: 31842207,
  machine_id: 41877,
  host_id: 129033,
  gpu_name: "RTX 4090",
  num_gpus: 1,
  gpu_ram: 24564,
  cpu_ram: 515842,
  inet_down: 871.2,
  inet_down_cost: 0.00293,
  storage_cost: 0.15,
  dph_base: 0.389,
  dph_total: 0.4057,
  cuda_max_good: 12.8,
  reliability2: 0.9962,
  geolocation: "Texas, US",
  duration: 1_830_000,
};

Deno.test("vastai's price is that of the whole offer with the disk, whose cost is told by the month, and traffic by the GB", async () => {
  await using opened = await answering("offers", { offers: [{ ...ASK, num_gpus: 2, dph_total: 0.8 }] });
  deepEqual(await opened.provider.offers(wanted({ gpu_count: 2, disk_gb: 72 }), never), [{
    ...UNTOLD,
    id: "31842207",
    provider: "vastai",
    gpu: "RTX 4090",
    gpu_count: 2,
    vram_gib: 24564 / 1024,
    price_per_hour: 0.8,
    storage_per_hour: 72 * 0.15 / 720,
    download_per_gb: 0.00293,
    location: "Texas, US",
    country: "US",
    host: "41877",
    reliability: 0.9962,
    download_mbps: 871.2,
    cuda: 12.8,
    max_hours: 1_830_000 / 3600,
  }]);
});

Deno.test("vastai tells of a host what share of it is lent, and how far it can be trusted", async () => {
  const host = {
    gpu_frac: 0.25,
    hosting_type: 1,
    verification: "verified",
    compute_cap: 890,
    static_ip: true,
    cpu_name: "Xeon® Silver 4110",
    cpu_cores: 128,
    cpu_cores_effective: 32,
    cpu_ram: 524_288,
  };
  const offers = [
    { ...ASK, ...host },
    { ...ASK, ...host, hosting_type: 0, verification: "deverified", cpu_cores: null, static_ip: false },
    {
      ...ASK,
      gpu_frac: 7,
      hosting_type: 9,
      verification: 1,
      compute_cap: 0,
      static_ip: "yes",
      cpu_name: "\u202E",
      cpu_ram: -1,
    },
  ];
  await using opened = await answering("offers", { offers });
  const found = await opened.provider.offers(wanted(), never);
  const told = found.map(
    ({ market, tier, gpu_share, verified, compute_capability, static_ip, cpu, ...more }) => {
      const { cpu_cores, ram_gib } = more;
      return { market, tier, gpu_share, verified, compute_capability, static_ip, cpu, cpu_cores, ram_gib };
    },
  );
  deepEqual(told, [
    {
      market: "on_demand",
      tier: "secure",
      gpu_share: 0.25,
      verified: true,
      compute_capability: 8.9,
      static_ip: true,
      cpu: "Xeon® Silver 4110",
      cpu_cores: 32,
      ram_gib: 128,
    },
    {
      market: "on_demand",
      tier: "community",
      gpu_share: 0.25,
      verified: false,
      compute_capability: 8.9,
      static_ip: false,
      cpu: "Xeon® Silver 4110",
      cpu_cores: 32,
      ram_gib: null,
    },
    {
      market: "on_demand",
      tier: null,
      gpu_share: null,
      verified: null,
      compute_capability: null,
      static_ip: null,
      cpu: null,
      cpu_cores: null,
      ram_gib: null,
    },
  ]);
});

Deno.test("vastai's country stands after the last comma, where there is one", async () => {
  const places = {
    "Texas, US": ["Texas, US", "US"],
    ", CN": ["CN", "CN"],
    "Bayern, Germany, DE": ["Bayern, Germany, DE", "DE"],
    "Somewhere": ["Somewhere", null],
  };
  const offers = [...Object.keys(places), null].map((geolocation) => ({ ...ASK, geolocation }));
  await using opened = await answering("offers", { offers });
  const found = await opened.provider.offers(wanted(), never);
  deepEqual(found.map(({ location, country }) => [location, country]), [...Object.values(places), [
    null,
    null,
  ]]);
});

Deno.test("vastai's offers that cannot be read are left out, and what they do not tell is not made up", async () => {
  const bare = { id: "7", gpu_name: "RTX 4090", num_gpus: 1, dph_total: 0.4 };
  const odd = [
    { ...bare, dph_total: 0 },
    { ...bare, num_gpus: 2 },
    { ...bare, gpu_name: null },
    { id: 8 },
    null,
  ];
  await using opened = await answering("offers", { offers: [...odd, bare] });
  const [found, ...more] = await opened.provider.offers(wanted(), never);
  deepEqual(more, []);
  const { host, reliability, cuda, download_mbps, max_hours, vram_gib } = found ?? {};
  deepEqual([host, reliability, cuda, download_mbps, max_hours, vram_gib], Array(6).fill(null));
});

Deno.test("vastai is told all that a machine needs, in no more characters than it takes, and no key of the account", async () => {
  await using opened = await open(rented);
  const wish = { ...await order(opened.provider), disk_gb: 60.5 };
  await opened.provider.create(wish, never);
  const [asked] = sent(opened, "create");
  const { onstart, ...body } = asked?.body as { onstart: string };
  equal(asked?.path, "/v0/asks/31842207/");
  deepEqual(body, {
    client_id: "me",
    image: "nvidia/cuda:12.4.1-base-ubuntu22.04",
    disk: 60.5,
    label: LABEL,
    runtype: "ssh_direct",
    env: { ALMANAC_LABEL: LABEL },
    target_state: "running",
    cancel_unavail: true,
  });
  ok(onstart.length < 2000, String(onstart.length));
  ok(onstart.includes(`echo '${wish.public_key}' >> ~/.ssh/authorized_keys`));
  ok(onstart.includes("env >> /etc/environment") && onstart.includes("touch ~/.no_auto_tmux"));
  ok(!JSON.stringify(asked?.body).includes(opened.started.cloud.key));
  const limits = OfferLimits.parse({ image: "ubuntu:24.04", max_price_per_hour: 1 });
  await opened.provider.create({ ...await order(opened.provider), limits, disk_gb: 1 }, never);
  const { image, disk, ...rest } = sent(opened, "create")[1]?.body as Record<string, unknown>;
  deepEqual([image, disk, "price" in rest], ["ubuntu:24.04", 8, false]);
});

Deno.test("vastai's labels stay below sixty characters, however many machines a run has and however long", () => {
  const created = 9_999_999_999;
  const machine_id = `${newRunId(new Date())}-99999`;
  const label = labelOf({ prefix: "ga-1a2b3c4d", machine_id, created, deadline: created + 48 * 3600 });
  ok(label.length <= 60, label);
});

for (
  const [what, reply, code] of [
    ["no billing", refusal(400, "missing_billing"), "no_credit"],
    ["low credit", refusal(400, "invalid_args", "Your account has insufficient credit"), "no_credit"],
    ["a limit of spending", refusal(403, "spend_rate_limit"), "quota"],
    ["a wrong price", refusal(400, "invalid_price"), "request_refused"],
    ["a wrong request", refusal(400, "invalid_args", "error 400: disk"), "request_refused"],
    ["no right to create", { status: 403, text: "This action requires login" }, "bad_key"],
    ["no without a machine", { json: { success: false, msg: "no" } }, "request_refused"],
    ["yes without a machine", { json: { success: true } }, "create_unknown"],
    ["yes and a page", { text: "<html>Done</html>" }, "create_unknown"],
    ["a fault that speaks of a taken offer", cloud.noSuchAsk("31842207", 502), "create_unknown"],
    ["a fault that speaks of credit", { status: 500, text: "missing_billing" }, "create_unknown"],
  ] as [string, Reply, string][]
) {
  Deno.test(`vastai that answers a create with ${what} is understood as ${code}`, async () => {
    await using opened = await open(rented, { script: scripted({ create: { 1: { reply } } }) });
    await rejects(create(opened), withCode(code));
    equal(sent(opened, "create").length, 1);
  });
}

function refusal(status: number, error: string, msg = "no"): Reply {
  return { status, json: { success: false, error, msg } };
}

Deno.test("vastai that says no and makes a machine all the same tells which one, and its key is told nobody", async () => {
  const made = { new_contract: 29410501, instance_api_key: "key-of-the-instance" };
  for (
    const reply of [
      { json: { success: false, error: "bid_too_low", ...made } },
      { status: 400, json: { error: "missing_billing", ...made } },
      { json: made },
    ]
  ) {
    await using opened = await open(rented, { script: scripted({ create: { 1: { reply, after: true } } }) });
    await rejects(create(opened), (error) => {
      ok(error instanceof HalfDone);
      equal(error.id, "29410501");
      ok(!error.message.includes(made.instance_api_key), error.message);
      return withCode("create_half_done")(error);
    });
    ok(await opened.provider.get("29410501"));
  }
});

Deno.test("vastai's key travels in the header alone", async () => {
  await using opened = await open(rented);
  const { provider, started: { asked, cloud: { key } } } = opened;
  const id = await create(opened);
  await provider.admit?.(id, "ssh-ed25519 AAAA test");
  await Promise.all([provider.get(id), provider.list(), provider.charges?.([id], new Date(), new Date())]);
  await provider.destroy(id);
  deepEqual(
    [...new Set(asked.map(({ verb }) => verb))].sort().join(" "),
    "admit charges create destroy get list offers",
  );
  for (const { asked: { path, query, headers, body } } of asked) {
    ok(!`${path}?${query}${JSON.stringify(body)}`.includes(key), path);
    equal(headers.authorization, `Bearer ${key}`);
    ok(path.endsWith("/"), path);
  }
});
