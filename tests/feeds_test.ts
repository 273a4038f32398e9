// What machines are told: the feed, the description of the data, the units; from the data alone, never from the clock.
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { dataPackage, type Described, schemaOrg } from "../site/src/lib/dataset.ts";
import { atomFeed, NEWEST } from "../site/src/lib/feed.ts";
import { unitOf } from "../site/src/lib/units.ts";
import { buildData } from "../pipeline/build/mod.ts";
import { Database } from "../pipeline/lib/duckdb.ts";
import { details } from "../pipeline/query/mod.ts";
import type { BenchmarkAnswer } from "../pipeline/schema/api.ts";
import { jsonl, metadata, plainLine, sealed, temporaryRoot } from "./fixtures.ts";

const HOSTILE = `<script>alert("x")</script>]]>&`;
const SITE = "https://example.org/almanac";

async function answer(): Promise<BenchmarkAnswer> {
  await using root = await temporaryRoot();
  const lines = Array.from({ length: 12 }, (_, n) => plainLine(n, n * 2, 90));
  const files = { "results.jsonl": jsonl(lines), "metadata.json": metadata({ model: { name: HOSTILE } }) };
  await sealed(root.paths, "run", "a", files);
  await buildData(root.paths, root.log);
  using db = await Database.reading(root.paths.database);
  const [first] = await details(db);
  ok(first);
  return first;
}
const one = await answer();

Deno.test("the feed has stable ids, whole links and the data's own times", () => {
  const text = atomFeed([one], SITE);
  const { id, timestamp } = one.benchmark;
  ok(text.includes(`<id>urn:gpu-almanac:${id}</id>`));
  ok(text.includes(`<link href="${SITE}/benchmarks/${id}.html"/>`));
  deepEqual([...text.matchAll(/<updated>(.*?)<\/updated>/g)].map(([, time]) => time), [timestamp, timestamp]);
  equal(atomFeed([one], SITE), text);
});

Deno.test("without an address of the site the feed's links are relative", () => {
  const text = atomFeed([one], null);
  ok(text.includes(`<link href="benchmarks/${one.benchmark.id}.html"/>`));
  equal(text.match(/href="\w+:/), null);
  equal(text.includes("invalid"), false);
});

Deno.test("a hostile name is text in the feed", () => {
  const text = atomFeed([one], SITE);
  equal(text.includes("<script"), false);
  ok(text.includes("&lt;script&gt;"));
});

Deno.test("the feed holds the newest results and no more, and may be empty", () => {
  const many = Array.from({ length: NEWEST + 5 }, () => one);
  equal(atomFeed(many, SITE).match(/<entry>/g)?.length, NEWEST);
  match(atomFeed([], null), /<updated>1970-01-01T00:00:00\.000Z<\/updated>/);
});

const DESCRIBED: Described = {
  files: [
    { path: "benchmarks.csv", bytes: 12, sha256: "ab" },
    { path: "requests.parquet/20260101-000000-0000.parquet", bytes: 34, sha256: "cd" },
    { path: "almanac.duckdb", bytes: 56, sha256: "ef" },
  ],
  dictionary: {
    benchmarks: [
      { column: "started_at", type: "TIMESTAMP", description: "Start." },
      { column: "p50_ttft_ms", type: "DOUBLE", description: "Median time to first token." },
      { column: "files", type: "VARCHAR[]", description: null },
    ],
    requests: [{ column: "n", type: "BIGINT", description: "Position." }],
  },
  version: "0123",
  span: ["2026-01-01T00:00:00.000Z", "2026-02-01T00:00:00.000Z"],
  siteUrl: SITE,
};

Deno.test("the data package gives each file its size, its sum and its columns with type, unit and meaning", () => {
  const { resources } = dataPackage(DESCRIBED) as { resources: Record<string, unknown>[] };
  const [csv, part, database] = resources;
  deepEqual([csv?.path, csv?.bytes, csv?.hash], ["benchmarks.csv", 12, "sha256:ab"]);
  deepEqual((csv?.schema as { fields: unknown }).fields, [
    { name: "started_at", type: "datetime", description: "Start." },
    { name: "p50_ttft_ms", type: "number", description: "Median time to first token.", unit: "ms" },
    { name: "files", type: "array" },
  ]);
  deepEqual((part?.schema as { fields: unknown }).fields, [{
    name: "n",
    type: "integer",
    description: "Position.",
  }]);
  equal(database?.schema, undefined);
  for (const { name } of resources) match(String(name), /^[a-z0-9-]+$/);
});

Deno.test("schema.org's Dataset names what is measured and where it is downloaded", () => {
  const dataset = schemaOrg(DESCRIBED) as Record<string, unknown>;
  ok(String(dataset.description).length >= 50);
  equal(dataset.temporalCoverage, "2026-01-01T00:00:00.000Z/2026-02-01T00:00:00.000Z");
  deepEqual(dataset.variableMeasured, [{
    "@type": "PropertyValue",
    name: "p50_ttft_ms",
    description: "Median time to first token.",
    unitText: "ms",
  }]);
  const [csv] = dataset.distribution as Record<string, unknown>[];
  deepEqual([csv?.contentUrl, csv?.encodingFormat, csv?.sha256], [
    `${SITE}/data/benchmarks.csv`,
    "text/csv",
    "ab",
  ]);
  const nowhere = schemaOrg({ ...DESCRIBED, siteUrl: null, span: null }) as Record<string, unknown>;
  deepEqual([nowhere.url, nowhere.dateModified], [undefined, undefined]);
});

Deno.test("a column's unit is the end of its name", () => {
  const columns = [
    "avg_power_draw_w",
    "max_temperature_c",
    "price_per_hour",
    "tokens_per_dollar",
    "verdicts",
  ];
  deepEqual(columns.map(unitOf), ["W", "°C", "USD/h", "tokens/USD", null]);
});
