// The JSON mirror alone, from a built database to files: what the builder does after the tables are there.
import { join } from "node:path";
import { askMirror, writeMirror } from "../../pipeline/build/mirror.ts";
import { Database, quote } from "../../pipeline/lib/duckdb.ts";
import { pathsOf } from "../../pipeline/paths.ts";

const [root = "", out = ""] = Deno.args;
const setup = `ATTACH ${quote(pathsOf(root).database)} AS almanac (READ_ONLY); USE almanac`;
using db = await Database.inMemory();
await db.run(setup);
using beside = await db.beside("USE almanac");
const started = performance.now();
const none = new Set<string>();
const all = { ids: none, models: none, gpus: none, providers: none };
const asked = await askMirror(db, beside, null, all);
if (asked !== null) writeMirror(asked, join(out, "api", "v1"), all);
const seconds = (performance.now() - started) / 1000;
Deno.stdout.writeSync(new TextEncoder().encode(`${seconds.toFixed(2)} s\n`));
