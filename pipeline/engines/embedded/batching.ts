// Which waiting tokens go into the next decode. Slots that generate together must be decoded together, or two
// requests take twice the time of one; a slot's next token comes a few microtasks after its last one. Pure.

/** Empty batches tried while a slot is on its way; each costs microseconds, none waits for a timer. */
const PATIENCE = 100;

interface Waiting {
  readonly tokens: readonly unknown[];
}

type Batch<T> = { item: T; processAmount: number }[];

/**
 * A prioritization strategy that answers an empty batch until all `active()` slots wait, for a bounded number of
 * times in a row, and then takes what waits, the fewest tokens first, up to `size` tokens.
 */
export function inStep(
  active: () => number,
): <T extends Waiting>(waiting: { items: readonly T[]; size: number }) => Batch<T> {
  let tries = 0;
  return ({ items, size }) => {
    if (items.length < active() && tries++ < PATIENCE) return [];
    tries = 0;
    return fill(items, size);
  };
}

function fill<T extends Waiting>(items: readonly T[], size: number): Batch<T> {
  let room = size;
  const batch: Batch<T> = [];
  for (const item of [...items].sort((a, b) => a.tokens.length - b.tokens.length)) {
    const processAmount = Math.min(item.tokens.length, room);
    if (processAmount > 0) batch.push({ item, processAmount });
    room -= processAmount;
  }
  return batch;
}
