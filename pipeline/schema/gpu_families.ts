// PURE. Families of cards, such as the H100 of any form, stand in the catalogue beside the cards.
import type { CatalogGpu } from "./catalog.ts";
import { GPU_FAMILIES } from "./gpu_names.ts";

/**
 * The cards, and each family of which they have every member. A family has the figures of its member with the most memory
 * bandwidth: nothing that is told under its name can be refuted by less.
 */
export function withFamilies(cards: readonly CatalogGpu[]): CatalogGpu[] {
  return [
    ...cards,
    ...Object.entries(GPU_FAMILIES).flatMap(([name, members]) => family(name, members, cards)),
  ];
}

function family(name: string, members: readonly string[], cards: readonly CatalogGpu[]): CatalogGpu[] {
  const known = cards.filter((card) => members.includes(card.name));
  const [fastest] = known.toSorted((a, b) => b.memory_bandwidth_gb_s - a.memory_bandwidth_gb_s);
  if (fastest === undefined || known.length < members.length || cards.some((card) => card.name === name)) {
    return [];
  }
  const { form_factor, ...figures } = fastest;
  const one = known.every((card) => card.form_factor === form_factor) ? { form_factor } : {};
  const note = `Any of ${members.join(", ")}; the figures are those of ${fastest.name}.`;
  return [{ ...figures, ...one, name, note: [note, fastest.note].filter(Boolean).join(" ") }];
}
