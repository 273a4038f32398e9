// Offers of one GPU on each simulated cloud, as many as trials need.
import type { Stock } from "../cloud/cloud.ts";
import type { CloudName } from "../cloud/mod.ts";
import { stockOf } from "../cloud/stock.ts";

const regions = ["us-west-1", "us-east-1", "us-south-1", "europe-central-1"];

export const STOCKS: Record<CloudName, readonly Stock[]> = {
  vastai: [1, 2, 3, 4].map((n) => stockOf(`3184220${n}`, "RTX 4090", { price_per_hour: 0.3 + n / 100 })),
  tensordock: [1, 2, 3, 4].map((n) => stockOf(`t${n}`, "RTX 4090", { location: `Town ${n}`, host: `l${n}` })),
  runpod: [1, 2, 3, 4].map((n) => stockOf(`p${n}`, "RTX 4090", { location: `US-TX-${n}` })),
  lambda: regions.map((location, n) => stockOf(`i${n}`, "RTX 4090", { location })),
};
