// What the collected evidence says of the engine that was measured.
import { deepEqual, equal } from "node:assert/strict";
import { join } from "node:path";
import { Provenance } from "../pipeline/schema/provenance.ts";
import { collect } from "../pipeline/stages/collect.ts";
import { directory, entry, jsonl, metadata, plainLine, temporaryRoot } from "./fixtures.ts";

Deno.test("the flags that a matrix gave its engine stand in the provenance, and none where it gave none", async () => {
  await using root = await temporaryRoot();
  const { paths, log } = root;
  const told = async (id: string, flags?: string[]) => {
    const mirror = await directory(paths.root, id, {
      "metadata.json": metadata(),
      "results.jsonl": jsonl([plainLine(1, 1, 50)]),
    });
    const source = { machine: null, out: "", mirror, record: null, clock_ahead_seconds: null };
    const context = { paths, log, run_id: "20260102-030405-abcd" };
    const { raw_dir } = await collect(source, entry(id, { engine: { name: "vllm", flags } }), id, context) ??
      { raw_dir: "" };
    const text = await Deno.readTextFile(join(paths.raw, raw_dir, "provenance.json"));
    return Provenance.parse(JSON.parse(text)).engine_flags;
  };
  deepEqual(await told("a", ["--enforce-eager"]), ["--enforce-eager"]);
  equal(await told("b"), null);
});
