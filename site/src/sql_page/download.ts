// A result as the text of a file. Pure.
import { harmless } from "../../../pipeline/schema/formula.ts";
import { toCsv } from "../browser/csv.ts";
import { exact, fullText, type Result, type Value } from "./values.ts";

/** CSV with every digit; texts are harmless in a spreadsheet. */
export function csvOf({ columns, rows }: Result): string {
  return toCsv([columns.map(({ name }) => harmless(name)), ...rows.map((row) => row.map(csvCell))]);
}

/** A list of objects, one a row; integers too large for a number are text. */
export function jsonOf({ columns, rows }: Result): string {
  const objects = rows.map((row) =>
    Object.fromEntries(columns.map(({ name }, index) => [name, row[index] ?? null]))
  );
  return `${JSON.stringify(objects, exact, 2)}\n`;
}

function csvCell(value: Value): string {
  return typeof value === "string" ? harmless(value) : fullText(value);
}
