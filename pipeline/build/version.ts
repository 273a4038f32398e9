// Which code built data/export: when it changes, everything is built anew.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { sha256Hex } from "../lib/files.ts";

const ROOMS = ["sql", "sql/definitions", "sql/queries", "build", "query", "schema", "summaries"];

/** A hash over the SQL, the builder, the queries, the schemas and the catalogue: all that the built files depend on besides the evidence. */
export async function codeVersion(catalog: string): Promise<string> {
  const pipeline = fileURLToPath(new URL("..", import.meta.url));
  const texts: string[] = [catalog];
  for (const room of ROOMS) {
    const items = await Array.fromAsync(Deno.readDir(join(pipeline, room)));
    const names = items.filter((item) => item.isFile).map((item) => item.name).sort();
    for (const name of names) texts.push(await Deno.readTextFile(join(pipeline, room, name)));
  }
  return sha256Hex(texts.join("\n")).slice(0, 16);
}
