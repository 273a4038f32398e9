// PURE. Names of GPUs: whether a driver's name means the one of a catalogue name, and how people write them.

/** Words that say who makes a card, how it is plugged in or which memory it has, but not which card it is. */
const NEUTRAL = /^(nvidia|geforce|tesla|pcie|sxm\d*|hbm\w*|\d+gb)$/;

/** True when `driverName` has every word of `name` and no other that makes it another card, such as Ti, Super, NVL or Laptop. */
export function isGpu(name: string, driverName: string): boolean {
  const wanted = words(name);
  const found = words(driverName);
  return wanted.every((word) => found.includes(word)) &&
    found.every((word) => wanted.includes(word) || NEUTRAL.test(word));
}

/** `RTX 4090`, `2 × RTX 4090`: without the maker, with the number of several. */
export function gpuLabel({ gpu, gpu_count }: { gpu: string; gpu_count: number | null }): string {
  const plain = gpu.replace(/^NVIDIA (GeForce )?/, "");
  return gpu_count !== null && gpu_count > 1 ? `${gpu_count} × ${plain}` : plain;
}

function words(name: string): string[] {
  return name.toLowerCase().split(/[^a-z0-9]+/).filter((word) => word !== "");
}
