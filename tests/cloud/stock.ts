// Offers of simulated clouds, made from the catalogue.
import catalog from "../../data/catalog/gpus.json" with { type: "json" };
import { GpuCatalog } from "../../pipeline/schema/catalog.ts";
import { withFamilies } from "../../pipeline/schema/gpu_families.ts";
import type { Card } from "./programs.ts";
import type { Stock } from "./cloud.ts";

/** A dozen kinds of GPU, for trials of many leases. */
export const KINDS = [
  ...["RTX 3090", "RTX 4090", "RTX 5060 Ti", "RTX 5070", "RTX 5070 Ti", "RTX 5090"],
  ...["A100 80GB", "H100", "H200", "H200 NVL", "L4", "L40S"],
];
const CATALOG = withFamilies(GpuCatalog.parse(catalog).gpus);
/** Driver's names of cards that the catalogue calls otherwise. */
const DRIVER_NAMES: Readonly<Record<string, string>> = {
  "A100 80GB": "NVIDIA A100-SXM4-80GB",
  "A100 80GB SXM": "NVIDIA A100-SXM4-80GB",
  "H100": "NVIDIA H100 80GB HBM3",
  "H100 SXM": "NVIDIA H100 80GB HBM3",
};
const MAKERS = { consumer: "NVIDIA GeForce", workstation: "NVIDIA", datacenter: "NVIDIA" };

/** The card that a driver tells for a GPU of the catalogue; real ones report a little less than they are sold with. */
export function cardOf(gpu: string): Card {
  const known = CATALOG.find(({ name }) => name === gpu);
  return {
    name: DRIVER_NAMES[gpu] ?? `${MAKERS[known?.segment ?? "consumer"]} ${gpu}`,
    memory_mib: Math.round((known?.memory_gib ?? 24) * 1024 * 0.995),
  };
}

/** One offer of `gpu`, with whatever else is said. */
export function stockOf(id: string, gpu: string, changes: Partial<Stock> = {}): Stock {
  return {
    id,
    gpu,
    card: cardOf(gpu),
    gpu_count: 1,
    bandwidth_gb_s: CATALOG.find(({ name }) => name === gpu)?.memory_bandwidth_gb_s ?? 900,
    price_per_hour: 0.4,
    location: "Texas",
    country: "US",
    host: id,
    reliability: 0.99,
    download_mbps: 900,
    cuda: "12.8",
    capacity: 1,
    ...changes,
  };
}
