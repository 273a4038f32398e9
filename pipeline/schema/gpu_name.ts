// PURE. Names of GPUs: which card of the catalogue a told name means, and how people write them.
import { mayHaveMemory } from "./gpu_memory.ts";
import { GPU_FAMILIES, GPU_NAMES } from "./gpu_names.ts";

/** Words that say who makes a card but not which it is, as they stand in names that run together too. */
const MAKERS = /nvidia|geforce|tesla|blackwell|generation|edition|\bgpu\b|\bamd\b|instinct|\bintel\b/g;
const MEMORY = /\b(\d+) ?gi?b?\b/;
/** How TensorDock and Lambda say that a card is plugged in, also of those that are sold in no other form. */
const PLUGGED = /pcie$/;

/** The letters and digits that say which card a name means: `NVIDIA A100-SXM4-80GB` is `a100sxm4`. */
export function keyOf(told: string): string {
  return spaced(told).replace(MAKERS, " ").replace(MEMORY, " ").replace(/[^a-z0-9]/g, "");
}

const CARDS = cardsByKey();

/** The catalogue's name for a told one, of a card or of a family whose form it leaves open; null when it means none, or may mean several. */
export function catalogName(told: string, memory_gib: number | null = null): string | null {
  const cards = mayBe(told, memory_gib);
  const plain = cards.filter((card) => sizeIn(card) === null);
  const meant = (memory_gib ?? sizeIn(told)) === null && plain.length > 0 ? plain : cards;
  const [first] = meant;
  if (first === undefined || meant.length === 1) return first ?? null;
  const family = Object.entries(GPU_FAMILIES).find(([, members]) =>
    members.length === meant.length && members.every((member) => meant.includes(member))
  );
  return family?.[0] ?? null;
}

/** Whether `told`, a name of a driver or a provider, may mean the wished `name`, of a card or a family. */
export function isGpu(name: string, told: string, memory_gib: number | null = null): boolean {
  const [wished, found] = [wishedCards(name), mayBe(told, memory_gib)];
  if (wished.length === 0 && found.length === 0) return keyOf(name) === keyOf(told);
  return found.some((card) => wished.includes(card));
}

/** Every card that a wish is content with; none when it is no name of the table. */
function wishedCards(name: string): readonly string[] {
  if (Object.hasOwn(GPU_NAMES, name)) return [name];
  return (Object.hasOwn(GPU_FAMILIES, name) ? GPU_FAMILIES[name] : undefined) ?? mayBe(name);
}

/** The wishes that tell apart what a name leaves open: the families of its cards, else the cards. */
export function narrower(name: string): readonly string[] {
  const cards = wishedCards(name);
  const whole = Object.entries(GPU_FAMILIES).filter(([, members]) =>
    members.every((member) => cards.includes(member))
  );
  return whole.length > 1 ? whole.map(([family]) => family) : cards;
}

/** The names under which Vast.ai is asked for a wish. */
export function vastNames(name: string): string[] {
  const names = wishedCards(name).flatMap((card) => GPU_NAMES[card]?.vastai ?? [card]);
  return names.length === 0 ? [name] : [...new Set(names)];
}

/** What an offer of `told` is called: the catalogue's name, else the wish, else the provider's own words. */
export function offeredName(told: string, memory_gib: number | null, wish: string): string {
  return catalogName(told, memory_gib) ?? (wish === "any" ? told : wish);
}

/** `RTX 4090`, `2 × RTX 4090`: without the maker, with the number of several. */
export function gpuLabel({ gpu, gpu_count }: { gpu: string; gpu_count: number | null }): string {
  const plain = gpu.replace(/^NVIDIA (GeForce )?/, "");
  return gpu_count !== null && gpu_count > 1 ? `${gpu_count} × ${plain}` : plain;
}

/** The cards of the table that a told name may mean, as far as the memory does not rule them out. */
function mayBe(told: string, memory_gib: number | null = null): readonly string[] {
  const key = keyOf(told);
  const cards = CARDS.get(key) ?? plugged(CARDS.get(key.replace(PLUGGED, "")));
  const sizes = [sizeIn(told), memory_gib].filter((gib) => gib !== null);
  if (sizes.length === 0) return cards;
  const [sized] = sizes.map((gib) => cards.filter((card) => isOfSize(card, gib)))
    .filter((fitting) => fitting.length > 0);
  return sized ?? cards.filter((card) => sizeIn(card) === null);
}

function isOfSize(card: string, gib: number): boolean {
  const size = sizeIn(card);
  return size !== null && mayHaveMemory(size, gib);
}

/** The GiB that a name tells: a card with several sizes of memory has them in its name, but for its usual one. */
function sizeIn(name: string): number | null {
  return Number(MEMORY.exec(spaced(name))?.[1]) || null;
}

function spaced(name: string): string {
  return name.toLowerCase().replaceAll("_", " ");
}

/** The cards, unless some of them are sold in another form. */
function plugged(cards: readonly string[] = []): readonly string[] {
  return cards.some((card) => card.includes("SXM")) ? [] : cards;
}

function cardsByKey(): Map<string, readonly string[]> {
  const families = Object.entries(GPU_FAMILIES).flatMap(([family, cards]) =>
    cards.map((card) => [family, card] as const)
  );
  const others = Object.entries(GPU_NAMES).flatMap(([card, { vastai = [], told = [] }]) =>
    [card, ...vastai, ...told].map((name) => [name, card] as const)
  );
  const named = Map.groupBy([...families, ...others], ([name]) => keyOf(name));
  return new Map([...named].map(([key, pairs]) => [key, [...new Set(pairs.map(([, card]) => card))]]));
}
