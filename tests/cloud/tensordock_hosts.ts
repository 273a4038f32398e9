// What TensorDock tells of its locations and of the hosts in them.
import type { Stock } from "./cloud.ts";

export const PRICING = { per_vcpu_hr: 0.003, per_gb_ram_hr: 0.002, per_gb_storage_hr: 0.00005 };
const COUNTRIES: Readonly<Record<string, string>> = { DE: "Germany", NO: "Norway", US: "United States" };

/** The most that a host here gives away. */
const MOST = { vcpus: 32, ram_gb: 128, storage_gb: 1000 };

export function locationsOf(offered: readonly Stock[], publicIps = true) {
  return [...Map.groupBy(offered, ({ host }) => host)].map(([id, stocks]) => ({
    id,
    ...placeOf(stocks[0]),
    gpus: stocks.map((stock) => ({
      v0Name: v0Name(stock),
      displayName: `${cardName(stock)} ${plugOf(stock)} ${memoryGb(stock)}GB`,
      max_count: stock.gpu_count,
      price_per_hr: stock.price_per_hour,
      resources: { max_vcpus: MOST.vcpus, max_ram_gb: MOST.ram_gb, max_storage_gb: MOST.storage_gb },
      pricing: PRICING,
      network_features: {
        dedicated_ip_available: publicIps,
        port_forwarding_available: true,
        network_storage_available: false,
      },
    })),
  }));
}

function cardName({ gpu }: Stock): string {
  return `NVIDIA ${gpu.startsWith("RTX") ? "GeForce " : ""}${gpu.replace(/ \d+GB$/, "")}`;
}

function memoryGb({ card }: Stock): number {
  return Math.ceil(card.memory_mib / 1024);
}

export function v0Name(stock: Stock): string {
  const name = cardName(stock).replace("NVIDIA", "").replace(/\W/g, "").toLowerCase();
  return `${name}-${plugOf(stock).toLowerCase()}-${memoryGb(stock)}gb`;
}

/** Cards that are not plugged in. */
const PLUGS: Readonly<Record<string, string>> = { "A100 80GB": "SXM4", "H100": "SXM5", "H200": "SXM5" };

function plugOf({ gpu }: Stock): string {
  return PLUGS[gpu] ?? "PCIe";
}

function placeOf(stock: Stock | undefined) {
  return {
    city: "Springfield",
    stateprovince: stock?.location,
    country: COUNTRIES[stock?.country ?? ""],
    tier: 3,
  };
}

/** A host for each offer; its id is the offer's. */
export function hostnodesOf(offered: readonly Stock[], publicIps = true) {
  return offered.map((stock) => ({
    id: stock.id,
    location_id: stock.host,
    engine: "proxmox",
    uptime_percentage: 99.5,
    available_resources: {
      gpus: [{ v0Name: v0Name(stock), availableCount: stock.gpu_count, price_per_hr: stock.price_per_hour }],
      vcpu_count: MOST.vcpus,
      ram_gb: MOST.ram_gb,
      storage_gb: MOST.storage_gb,
      max_vcpus_per_gpu: MOST.vcpus,
      max_ram_per_gpu: MOST.ram_gb,
      available_ports: [20_022, 20_023, 20_024],
      has_public_ip_available: publicIps,
    },
    pricing: PRICING,
    location: {
      uuid: stock.host,
      ...placeOf(stock),
      has_network_storage: false,
      network_speed_gbps: 10,
      network_speed_upload_gbps: 10,
      organization: "o1",
      organizationName: "Springfield Power",
    },
  }));
}
