// What a visitor has chosen in the leaderboard, and its form in the address. Pure.

/** What is chosen from a list. */
export const CHOICES = ["model", "gpu", "provider", "runtime", "level", "workload", "origin"] as const;
/** What is given as a number: US dollars per hour at most, GiB of GPU memory at least. */
export const LIMITS = ["max_price", "min_vram"] as const;

export type Choice = typeof CHOICES[number];
export type Limit = typeof LIMITS[number];
export type Order = "ascending" | "descending";

export interface Sorting {
  /** The `data-column` of a head. */
  readonly column: string;
  readonly order: Order;
}

export interface View {
  /** "" chooses all. */
  readonly choices: Readonly<Record<Choice, string>>;
  readonly limits: Readonly<Record<Limit, number | null>>;
  /** Null: as the page was built. */
  readonly sorting: Sorting | null;
}

/** The view of a query string; what is not understood in it is left out. */
export function viewOf(query: string): View {
  const given = new URLSearchParams(query);
  return {
    choices: record(CHOICES, (choice) => given.get(choice) ?? ""),
    limits: record(LIMITS, (limit) => limitOf(given.get(limit) ?? "")),
    sorting: sortingOf(given.get("sort") ?? ""),
  };
}

/** The query string of a view, with its question mark; "" for the view that chooses nothing. */
export function queryOf({ choices, limits, sorting }: View): string {
  const given = new URLSearchParams();
  for (const choice of CHOICES) if (choices[choice] !== "") given.set(choice, choices[choice]);
  for (const limit of LIMITS) if (limits[limit] !== null) given.set(limit, String(limits[limit]));
  if (sorting !== null) given.set("sort", `${sorting.order === "descending" ? "-" : ""}${sorting.column}`);
  const text = given.toString().replaceAll("%3A", ":").replaceAll("%2F", "/");
  return text === "" ? "" : `?${text}`;
}

/** A number of zero or more; null for any other text. */
export function limitOf(text: string): number | null {
  const value = text.trim() === "" ? NaN : Number(text);
  return Number.isFinite(value) && value >= 0 ? value : null;
}

/** An object with a value for each key. */
export function record<Key extends string, Value>(
  keys: readonly Key[],
  of: (key: Key) => Value,
): Record<Key, Value> {
  return Object.fromEntries(keys.map((key) => [key, of(key)])) as Record<Key, Value>;
}

function sortingOf(text: string): Sorting | null {
  const column = text.replace(/^-/, "");
  if (column === "") return null;
  return { column, order: text.startsWith("-") ? "descending" : "ascending" };
}
