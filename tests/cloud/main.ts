// The simulated clouds as a program: says where they stand in one line of JSON, and ends with all their machines when its input closes.
import { type CloudName, PROTOCOLS, startCloud } from "./mod.ts";
import type { CloudOptions } from "./cloud.ts";
import { SIMULATED_RELEASES } from "./releases.ts";
import { stockOf } from "./stock.ts";

/** A minute of the clouds takes 3 s. */
const PACE = 0.05;

const CLOUDS: Record<CloudName, Pick<CloudOptions, "stock" | "machines" | "stale">> = {
  vastai: {
    stock: [
      stockOf("31842207", "RTX 4090", { price_per_hour: 0.31, location: "Texas" }),
      stockOf("31842208", "RTX 4090", { price_per_hour: 0.36, location: "Quebec", country: "CA" }),
      stockOf("31842209", "RTX 4090", { price_per_hour: 0.41, location: "Nevada" }),
      stockOf("31842210", "RTX 3090", { price_per_hour: 0.12, location: "Bavaria", country: "DE" }),
    ],
    // The cheapest offer is stale, and the next delivers another card than it offers: as it happens.
    stale: ({ id }) => id === "31842207",
    machines: (_n, { id }) =>
      id === "31842208" ? { cards: [{ name: "NVIDIA GeForce RTX 3080", memory_mib: 10_240 }] } : undefined,
  },
  tensordock: {
    stock: [stockOf("t1", "RTX 4090", { price_per_hour: 0.37, location: "Manassas", host: "l1" })],
  },
  runpod: {
    stock: [stockOf("p1", "L40S", { price_per_hour: 0.86, location: "US-TX-3" })],
  },
  lambda: {
    stock: [stockOf("i1", "H100", { price_per_hour: 2.49, location: "us-west-1" })],
  },
};

const names = Object.keys(CLOUDS) as CloudName[];
const started = await Promise.all(
  names.map((name) =>
    startCloud(PROTOCOLS[name], {
      key: `simulated-key-of-${name}`,
      pace: PACE,
      bootSeconds: 30,
      ...CLOUDS[name],
    })
  ),
);
const clouds = Object.fromEntries(
  started.map(({ url, login, cloud }, index) => [names[index], { url, login, key: cloud.key }]),
);
Deno.stdout.writeSync(
  new TextEncoder().encode(`${JSON.stringify({ clouds, pace: PACE, releases: SIMULATED_RELEASES })}\n`),
);
for await (const _ of Deno.stdin.readable);
await Promise.all(started.map((cloud) => cloud[Symbol.asyncDispose]()));
