// What the simulated clouds of the demo have: machines with 1, 2, 4 and 8 GPUs, whole hosts and parts of them.
import type { CloudOptions, Stock } from "./cloud.ts";
import type { CloudName } from "./mod.ts";
import { several, stockOf } from "./stock.ts";

const COUNTS = [2, 4, 8];

/** At RunPod a GPU costs the same however many are taken. */
const pods = (id: string, gpu: string, price_per_hour: number): Stock[] => {
  const one = stockOf(id, gpu, { price_per_hour, location: "US-TX-3" });
  return [one, ...COUNTS.map((n) => several(one, n, { price_per_hour: price_per_hour * n }))];
};
const fleet = (stock: Stock, counts = COUNTS): Stock[] => counts.map((n) => several(stock, n));

const rtx4090 = stockOf("31842211", "RTX 4090", { price_per_hour: 0.36, location: "Iceland", country: "IS" });
const slice = several(rtx4090, 2, { id: "31842299", gpu_share: 0.25, price_per_hour: 0.66 });
/** One of its cards has a link of four lanes. */
const whole = several(rtx4090, 2, { narrow: 1 });

export const INVENTORY: Record<CloudName, Pick<CloudOptions, "stock" | "machines" | "stale">> = {
  vastai: {
    stock: [
      stockOf("31842207", "RTX 4090", { price_per_hour: 0.31, location: "Texas" }),
      stockOf("31842208", "RTX 4090", { price_per_hour: 0.36, location: "Quebec", country: "CA" }),
      stockOf("31842209", "RTX 4090", { price_per_hour: 0.41, location: "Nevada" }),
      stockOf("31842210", "RTX 3090", { price_per_hour: 0.12, location: "Bavaria", country: "DE" }),
      slice,
      whole,
      ...fleet(rtx4090, [4, 8]),
      ...fleet(stockOf("31842212", "RTX 3090", { price_per_hour: 0.14, location: "Bavaria", country: "DE" })),
      ...fleet(stockOf("31842213", "A100 80GB", { price_per_hour: 0.79, location: "Ohio" })),
      ...fleet(stockOf("31842214", "H100", { price_per_hour: 1.87, location: "Norway", country: "NO" })),
    ],
    // The cheapest offer is stale, and the next delivers another card than it offers: as it happens.
    stale: ({ id }) => id === "31842207",
    machines: (_n, { id }) =>
      id === "31842208" ? { cards: [{ name: "NVIDIA GeForce RTX 3080", memory_mib: 10_240 }] } : undefined,
  },
  tensordock: {
    // It lends as many of a host's GPUs as are asked for.
    stock: [
      stockOf("t1", "RTX 4090", { price_per_hour: 0.37, location: "Manassas", host: "l1", gpu_count: 8 }),
    ],
  },
  runpod: {
    stock: [
      ...pods("p1", "L40S", 0.86),
      ...pods("p2", "RTX 4090", 0.59),
      ...pods("p3", "A100 80GB", 1.39),
      ...pods("p4", "H100", 2.69),
    ],
  },
  lambda: {
    stock: [
      stockOf("i1", "H100", { price_per_hour: 2.49, location: "us-west-1" }),
      ...fleet(stockOf("i1", "H100", { price_per_hour: 2.49, location: "us-east-1" })),
      ...fleet(stockOf("i2", "A100 80GB", { price_per_hour: 1.79, location: "us-east-1" }), [8]),
    ],
  },
};
