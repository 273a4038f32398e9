// What is published tells no path of somebody's computer: not of a run's failures, not of a submission, not of evidence sealed before.
import { equal, match, ok } from "node:assert/strict";
import { join } from "node:path";
import { buildData } from "../pipeline/build/mod.ts";
import { readCatalog } from "../pipeline/lib/catalog.ts";
import { Database } from "../pipeline/lib/duckdb.ts";
import { SUBMISSION_EXAMPLE } from "../pipeline/schema/example.ts";
import { checkSubmission } from "../pipeline/summaries/submit.ts";
import { directory, entry, jsonl, metadata, plainLine, sealed, temporaryRoot } from "./fixtures.ts";

const MODEL = "/data/zoeq/models/qwen2.5-7b-q4_k_m.gguf";

Deno.test("a run that failed on a model's file is published with the model's name, and no folder", async () => {
  await using root = await temporaryRoot();
  const at = "2026-01-02T03:04:05.000Z";
  const reason = `Cannot read the model ${MODEL}: it is cut off. See /home/zoeq/log and /data/zoeq/models/.`;
  const one = entry("e1", { model: MODEL });
  await directory(join(root.paths.root, "runs"), "20260102-030405-0000", {
    "journal.jsonl": jsonl([
      { event: "run", at, run_id: "20260102-030405-0000", matrix: "m", entries: [one], simulated: false },
      { event: "failed", at, entry_id: "e1", stage: "load", code: null, reason, raw_dir: null },
    ]),
  });
  await buildData(root.paths, root.log);
  using db = await Database.reading(root.paths.database);
  const [row] = await db.rows("SELECT model, failure_reason FROM benchmark_manifest");
  equal(row?.model, "qwen2.5-7b-q4_k_m.gguf");
  match(
    String(row?.failure_reason),
    /^Cannot read the model qwen2\.5-7b-q4_k_m\.gguf: it is cut off\. See ~\/log and \.$/,
  );
  ok(!(await Deno.readTextFile(join(root.paths.exported, "benchmark_manifest.csv"))).includes("zoeq"));
});

Deno.test("evidence that an older agent sealed under the path of its model is published under its name", async () => {
  await using root = await temporaryRoot();
  const lines = Array.from({ length: 12 }, (_, n) => plainLine(n, n * 2, 90));
  await sealed(root.paths, "r1", "e", {
    "results.jsonl": jsonl(lines),
    "metadata.json": metadata({ model: { name: MODEL } }),
  });
  await buildData(root.paths, root.log);
  using db = await Database.reading(root.paths.database);
  const [row] = await db.rows("SELECT model_name FROM benchmarks");
  equal(row?.model_name, "qwen2.5-7b-q4_k_m.gguf");
  ok(!(await Deno.readTextFile(join(root.paths.api, "benchmarks.json"))).includes("zoeq"));
});

Deno.test("a submission that tells a path is refused, with the name that would do", async () => {
  await using root = await temporaryRoot();
  const catalog = await readCatalog(root.paths);
  const faultsOf = (changes: object) => {
    const checked = checkSubmission(
      { ...SUBMISSION_EXAMPLE, ...changes },
      catalog,
      new Date("2026-03-01T00:00:00Z"),
    );
    return "faults" in checked ? checked.faults.join("; ") : "it was taken";
  };
  equal(faultsOf({}), "it was taken");
  match(
    faultsOf({ model: { ...SUBMISSION_EXAMPLE.model, name: MODEL } }),
    /^model\.name: it tells a path of somebody's computer; "qwen2\.5-7b-q4_k_m\.gguf" would do/,
  );
  match(faultsOf({ note: "see /home/zoeq/x" }), /^note: it tells a path .*; "see ~\/x" would do/);
});
