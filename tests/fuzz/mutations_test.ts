// The short form of `deno task test-faults mutations`: sixty spoilt directories through an import and a build of the data.
import { deepEqual, equal, ok } from "node:assert/strict";
import { temporaryRoot } from "../fixtures.ts";
import { mutationsIn } from "../faults/mutations.ts";
import { brokenXml } from "../faults/mutations/checks.ts";

Deno.test("sixty mutations of shipped evidence: nothing aborts, nothing is dropped without a word, every clean directory is built", async () => {
  await using root = await temporaryRoot();
  const { taken, refused, left_out, benchmarks, faults } = await mutationsIn(root.paths.root, 60, {
    site: false,
    tell: () => undefined,
  });
  deepEqual(faults, { aborts: [], dropped: [], malformed: [], missing: [] });
  equal(taken + refused, 80);
  ok(
    taken > 50 && refused > 5 && left_out > 0 && benchmarks > 50,
    `${taken} ${refused} ${left_out} ${benchmarks}`,
  );
});

Deno.test("what is no XML is seen by its elements, references and characters", () => {
  const head = '<?xml version="1.0"?>';
  for (const text of [`${head}<a b="c"><d/>&amp;&#39;<![CDATA[<x>&]]></a>`, "<svg><title>x</title></svg>"]) {
    equal(brokenXml(text), null);
  }
  for (const text of ["<a>", "<a></b>", "<a>&nbsp;</a>", "<a>\u0007</a>", "<a><</a>", "<a b='c'></a>"]) {
    ok(brokenXml(text) !== null, text);
  }
});
