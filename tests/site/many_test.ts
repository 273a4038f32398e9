// A home page of more results than it shows: it stays small and says what it leaves out.
import { equal, match, ok } from "node:assert/strict";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { buildData } from "../../pipeline/build/mod.ts";
import { generate } from "../bench/generate.ts";
import { cli } from "../e2e/cli.ts";
import { temporaryRoot } from "../fixtures.ts";

/** Compressed, what a visitor of the home page waits for. */
const BUDGET_BYTES = 100_000;
const SHOWN = 500;

Deno.test("of 520 results the home page shows 500, within its budget, and links all of them", async () => {
  await using root = await temporaryRoot();
  const { paths } = root;
  await generate(paths.root, 0, 520, 2);
  await buildData(paths, root.log);
  const { code, err } = await cli("build-site", "--root", paths.root);
  equal(code, 0, err);
  const files = ["index.html", "style.css", "almanac.js"].map((name) =>
    Deno.readTextFileSync(join(paths.siteDist, name))
  );
  const bytes = files.reduce((sum, text) => sum + gzipSync(text).length, 0);
  ok(bytes < BUDGET_BYTES, `${bytes} bytes`);
  const [home = ""] = files;
  equal(home.match(/<tr data-id=/g)?.length, SHOWN);
  match(home, /These are 500 of 520 results: .* <a href="data\/benchmarks\.csv">/);
});
