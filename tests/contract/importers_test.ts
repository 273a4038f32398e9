// What every importer must do, over its example directory in tests/fixtures/importers/<name>.
import { deepEqual, equal, ok } from "node:assert/strict";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { almanac } from "../../pipeline/importers/almanac.ts";
import { importers } from "../../pipeline/importers/mod.ts";
import { sealRawDirectory } from "../../pipeline/lib/seal.ts";
import { directory, temporaryRoot } from "../fixtures.ts";

const examples = join(dirname(dirname(fileURLToPath(import.meta.url))), "fixtures", "importers");

for (const [name, importer] of Object.entries(importers)) {
  const fixture = join(examples, name);

  Deno.test(`${name} recognises its own format and not an empty folder`, async () => {
    await using root = await temporaryRoot();
    equal(importer.name, name);
    ok(await importer.recognises(fixture));
    equal(await importer.recognises(root.paths.root), false);
  });

  Deno.test(`${name} gives a directory that can be sealed, and leaves its source as it was`, async () => {
    await using root = await temporaryRoot();
    const before = await listing(fixture);
    await importer.convert(fixture, root.paths.root);
    const sealed = await sealRawDirectory(root.paths.root, {
      run_id: "r",
      entry_id: "e",
      origin: importer.origin,
      provider: "p",
      location: null,
      price_per_hour: null,
      collected_at: "2026-01-01T00:00:00.000Z",
    });
    ok(sealed.requests > 0);
    deepEqual(await listing(fixture), before);
  });
}

Deno.test("almanac takes chunk times and logs in beside the results, and leaves other files where they are", async () => {
  await using root = await temporaryRoot();
  const files = {
    "results.jsonl": "",
    "chunks.jsonl": "",
    "metadata.json": "{}",
    "agent.log": "",
    "notes.txt": "",
  };
  const out = await directory(root.paths.root, "out", {});
  await almanac.convert(await directory(root.paths.root, "in", files), out);
  deepEqual(await listing(out), ["agent.log", "chunks.jsonl", "metadata.json", "results.jsonl"]);
});

async function listing(folder: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(folder))).map((item) => item.name).sort();
}
