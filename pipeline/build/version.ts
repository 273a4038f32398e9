// Which code built data/export: when it changes, everything is built anew.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { sha256Hex } from "../lib/files.ts";

const ROOMS = ["sql", "sql/queries", "build", "query", "schema"];

/** A hash over the SQL, the builder, the queries and the schemas: all that the built files depend on besides the evidence. */
export async function codeVersion(): Promise<string> {
  const pipeline = fileURLToPath(new URL("..", import.meta.url));
  const texts: string[] = [];
  for (const room of ROOMS) {
    const items = await Array.fromAsync(Deno.readDir(join(pipeline, room)));
    const names = items.filter((item) => item.isFile).map((item) => item.name).sort();
    for (const name of names) texts.push(await Deno.readTextFile(join(pipeline, room, name)));
  }
  return sha256Hex(texts.join("\n")).slice(0, 16);
}
