// One file of sql/queries asked of the database.
import { z } from "zod";
import { type Database, type Row, sqlText } from "../lib/duckdb.ts";

export type Values = Record<string, string | number | null>;

const texts = new Map<string, Promise<string>>();

/** The rows of sql/queries/<query>.sql; `$name` in it takes its value from `values`. */
export async function ask(db: Database, query: string, values: Values = {}): Promise<Row[]> {
  return await db.rows(await textOf(query), values);
}

/** The same rows as `schema` describes them, numbers as numbers and nested values as objects. */
export async function askAs<S extends z.ZodType>(
  db: Database,
  query: string,
  schema: S,
  values: Values = {},
): Promise<z.output<S>[]> {
  const text = (await textOf(query)).trim().replace(/;$/, "");
  const rows = await db.rows(`SELECT to_json(answer) AS answer FROM (${text}) AS answer`, values);
  return rows.map(({ answer }) => schema.parse(JSON.parse(String(answer))));
}

function textOf(query: string): Promise<string> {
  const text = texts.get(query) ?? sqlText(`queries/${query}.sql`);
  texts.set(query, text);
  return text;
}
