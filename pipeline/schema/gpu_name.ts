// PURE. Whether a GPU, as its driver names it, is the one that a catalogue name means.

/** Words that say who makes a card, how it is plugged in or which memory it has, but not which card it is. */
const NEUTRAL = /^(nvidia|geforce|tesla|pcie|sxm\d*|hbm\w*|\d+gb)$/;

/** True when `driverName` has every word of `name` and no other that makes it another card, such as Ti, Super, NVL or Laptop. */
export function isGpu(name: string, driverName: string): boolean {
  const wanted = words(name);
  const found = words(driverName);
  return wanted.every((word) => found.includes(word)) &&
    found.every((word) => wanted.includes(word) || NEUTRAL.test(word));
}

function words(name: string): string[] {
  return name.toLowerCase().split(/[^a-z0-9]+/).filter((word) => word !== "");
}
