// One file of sql/queries asked of the database.
import { type Database, type Row, sqlText } from "../lib/duckdb.ts";

export type Values = Record<string, string | number | null>;

const texts = new Map<string, Promise<string>>();

/** The rows of sql/queries/<query>.sql; `$name` in it takes its value from `values`. */
export async function ask(db: Database, query: string, values: Values = {}): Promise<Row[]> {
  return await db.rows(await textOf(query), values);
}

/** The same rows by way of JSON: numbers as numbers, nested values as objects. */
export async function askJson<T>(db: Database, query: string, values: Values = {}): Promise<T[]> {
  const text = (await textOf(query)).trim().replace(/;$/, "");
  const rows = await db.rows(`SELECT to_json(answer) AS answer FROM (${text}) AS answer`, values);
  return rows.map(({ answer }) => JSON.parse(String(answer)));
}

function textOf(query: string): Promise<string> {
  const text = texts.get(query) ?? sqlText(`queries/${query}.sql`);
  texts.set(query, text);
  return text;
}
