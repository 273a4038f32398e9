// Values of DuckDB as plain values and as text. Pure.
import { hex } from "./hex.ts";

export type Value = null | boolean | number | bigint | string | readonly Value[] | { [key: string]: Value };

/** What a chart can do with a column. */
export type Kind = "number" | "time" | "other";

export interface Column {
  readonly name: string;
  readonly kind: Kind;
}

export interface Result {
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly Value[])[];
  /** False when the query had more rows than are kept. */
  readonly complete: boolean;
}

/** A type of Apache Arrow, as far as it is used here. */
export interface ArrowType {
  readonly children: readonly { readonly type: ArrowType }[] | null;
  toString(): string;
}

/** What a chart can do with values of a type. */
export function kindOf(type: ArrowType): Kind {
  const name = nameOf(type);
  if (/^(Ui|I)nt\d+$|^Float\d+$/.test(name)) return "number";
  return /^(Timestamp|Date\d+)$/.test(name) ? "time" : "other";
}

/** An Arrow value of `type`; times become text in UTC, bytes become hexadecimal text. */
export function plain(value: unknown, type: ArrowType): Value {
  if (value === null || value === undefined) return null;
  const [inner] = type.children ?? [];
  switch (nameOf(type).replace(/\d+$/, "")) {
    case "Timestamp":
      return utc(Number(value), 23).replace(/\.000$/, "");
    case "Date":
      return utc(Number(value), 10);
    case "Time":
      return timeOfDay(BigInt(value as bigint));
    case "Interval":
      return "interval: cast it to VARCHAR";
    case "List":
    case "FixedSizeList":
      return [...value as Iterable<unknown>].map((item) => inner ? plain(item, inner.type) : String(item));
    case "Struct":
      return struct([...value as Iterable<[string, unknown]>], type);
    case "Map": {
      const [, held] = inner?.type.children ?? [];
      const entries = [...value as Iterable<[unknown, unknown]>];
      return Object.fromEntries(
        entries.map(([key, item]) => [String(key), held ? plain(item, held.type) : String(item)]),
      );
    }
    default:
      return scalar(value);
  }
}

/** A value as a cell shows it; fractions with seven significant digits. */
export function shownText(value: Value): string {
  if (typeof value === "number" && !Number.isInteger(value)) return String(Number(value.toPrecision(7)));
  return fullText(value);
}

/** A value as text without loss; null is empty. */
export function fullText(value: Value): string {
  if (value === null) return "";
  return typeof value === "object" ? JSON.stringify(value, exact) : String(value);
}

/** For JSON.stringify: integers too large for a number become text. */
export function exact(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}

function nameOf(type: ArrowType): string {
  return String(type).match(/^\w+/)?.[0] ?? "";
}

function scalar(value: unknown): Value {
  if (typeof value === "bigint") {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  }
  if (typeof value === "number" || typeof value === "boolean" || typeof value === "string") return value;
  if (value instanceof Uint8Array) return `0x${hex(value)}`;
  return String(value);
}

function struct(entries: readonly [string, unknown][], { children }: ArrowType): Value {
  return Object.fromEntries(entries.map(([name, value], index) => {
    const child = children?.[index];
    return [name, child ? plain(value, child.type) : String(value)];
  }));
}

function utc(ms: number, length: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? String(ms) : date.toISOString().replace("T", " ").slice(0, length);
}

function timeOfDay(microseconds: bigint): string {
  const whole = new Date(Number(microseconds / 1000n)).toISOString().slice(11, 19);
  const rest = microseconds % 1_000_000n;
  return rest === 0n ? whole : `${whole}.${String(rest).padStart(6, "0")}`;
}
