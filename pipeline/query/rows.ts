// Answers as rows for other programs: CSV as RFC 4180 has it, and JSON with an object a line. Pure.
import type { z } from "zod";
import { objectOf } from "../schema/structure.ts";

/** A row of an answer; its columns are those of the schema, whatever the rows hold. */
export interface Rows {
  readonly schema: z.ZodObject;
  readonly rows: readonly object[];
}

/** A header and a line a row, ended by CR LF. Keys inside objects have a dot, lists are JSON, null is empty. */
export function toCsv({ schema, rows }: Rows): string {
  const columns = pathsOf(schema);
  const lines = rows.map((row) => columns.map((path) => cellOf(at(row, path))));
  return [columns.map((path) => quoted(path.join("."))), ...lines].map((cells) => `${cells.join(",")}\r\n`)
    .join("");
}

/** An object a line. */
export function toNdjson({ rows }: Rows): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join("");
}

/** The keys that lead to each value of such objects. */
function pathsOf(schema: z.ZodObject): string[][] {
  return Object.entries(schema.shape).flatMap(([key, field]) => {
    const inner = objectOf(field);
    return inner === undefined ? [[key]] : pathsOf(inner).map((path) => [key, ...path]);
  });
}

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, key) => (inner as Record<string, unknown> | null)?.[key], value);
}

function cellOf(value: unknown): string {
  if (value === null || value === undefined) return "";
  return quoted(typeof value === "object" ? JSON.stringify(value) : String(value));
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
