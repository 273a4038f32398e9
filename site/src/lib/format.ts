// Numbers and names as people read them. Pure.
import type { BenchmarkResult } from "../../../pipeline/schema/benchmark.ts";
import { gpuLabel as gpuLabelOf } from "../../../pipeline/schema/gpu_name.ts";
import { shortNumber } from "../../../pipeline/schema/short_number.ts";

export const DASH = "–";

const formatters = new Map<number, Intl.NumberFormat>();

/** A number with `digits` after the point and separators, or a dash. */
export function number(value: number | null | undefined, digits = 0): string {
  if (value === null || value === undefined) return DASH;
  const formatter = formatters.get(digits) ??
    new Intl.NumberFormat("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  formatters.set(digits, formatter);
  return formatter.format(value);
}

/** A number rounded to three significant digits, or a dash. */
export function significant(value: number | null | undefined): string {
  if (value === null || value === undefined) return DASH;
  return value.toLocaleString("en-US", { maximumSignificantDigits: 3 });
}

/** `5 %` of a share. */
export function percent(share: number): string {
  return `${number(100 * share)} %`;
}

/** US dollars to the cent; small amounts to three significant digits. */
export function dollars(value: number | null | undefined): string {
  if (value === null || value === undefined) return DASH;
  if (value === 0 || Math.abs(value) >= 0.1) return `$${number(value, 2)}`;
  const exact = String(Number(value.toPrecision(3)));
  return `$${/^0\.\d$/.test(exact) ? `${exact}0` : exact}`;
}

/** Tokens per dollar: `7.5M`, or a dash. */
export function short(value: number | null | undefined): string {
  return value === null || value === undefined ? DASH : shortNumber(value);
}

/** `$0.08`, or `$0.08–0.20` where offers differ. */
export function priceRange(least: number | null, most: number | null): string {
  if (least === null || most === null) return DASH;
  return least === most ? dollars(least) : `${dollars(least)}–${number(most, 2)}`;
}

/** The GPU of a benchmark as people name it. */
export function gpuLabel({ hardware }: BenchmarkResult): string {
  return gpuLabelOf(hardware);
}

/** Memory of all GPUs together in whole GiB, the size that people know a GPU by. */
export function memoryGib({ memory: { available_gib } }: BenchmarkResult): number | null {
  return available_gib === null ? null : Math.round(available_gib);
}

/** `2026-11-24 11:08 UTC`. */
export function time(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;
}

/** A code in words, abbreviations in capitals: `exceeds VRAM`. */
export function words(code: string): string {
  return code.replaceAll("_", " ").replace(/\b[cg]pu\b|\bvram\b/g, (name) => name.toUpperCase());
}

/** `Interactive`: words that begin a heading or a sentence. */
export function title(code: string): string {
  const text = words(code);
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
