// Offers of simulated clouds, made from the catalogue.
import catalog from "../../data/catalog/gpus.json" with { type: "json" };
import { sha256Hex } from "../../pipeline/lib/files.ts";
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

/** Lanes of the link of a card that is plugged in where fewer are left. */
const NARROW_LANES = 4;
/** A machine of several GPUs costs a little less than as many machines. */
const DISCOUNT = 0.98;

/** The card that a driver tells for a GPU of the catalogue; real ones report a little less than they are sold with. */
export function cardOf(gpu: string): Card {
  const known = CATALOG.find(({ name }) => name === gpu);
  return {
    name: DRIVER_NAMES[gpu] ?? `${MAKERS[known?.segment ?? "consumer"]} ${gpu}`,
    memory_mib: Math.round((known?.memory_gib ?? 24) * 1024 * 0.995),
    ...(known === undefined ? {} : { tdp_w: known.tdp_w }),
  };
}

/** The cards of a machine, each with an id of its own, which are the same whenever that machine is rented. */
export function cardsOf({ card, gpu_count, host, id, narrow }: Stock): Card[] {
  return Array.from({ length: gpu_count }, (_, place) => ({
    ...card,
    uuid: uuidOf(`${host} ${id} ${place}`),
    ...(place === narrow ? { pcie_width: NARROW_LANES } : {}),
  }));
}

/** `GPU-8e2b35dc-…`, as a driver makes it. */
function uuidOf(text: string): string {
  return `GPU-${sha256Hex(text).slice(0, 32).replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-")}`;
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

/** The same offer with 2, 4 or 8 of its GPUs, at a host of its own. */
export function several(stock: Stock, gpu_count: number, changes: Partial<Stock> = {}): Stock {
  const id = /^\d+$/.test(stock.id) ? String(Number(stock.id) + 100 * gpu_count) : `${stock.id}x${gpu_count}`;
  const price_per_hour = Number((stock.price_per_hour * gpu_count * DISCOUNT).toFixed(3));
  return {
    ...stock,
    id,
    gpu_count,
    price_per_hour,
    host: stock.host === stock.id ? id : stock.host,
    ...changes,
  };
}
