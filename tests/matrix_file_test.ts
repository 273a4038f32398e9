// A matrix as people write it: with comments and trailing commas, and where it is broken.
import { deepEqual, rejects } from "node:assert/strict";
import { join } from "node:path";
import { readMatrixFile } from "../pipeline/run/matrix_file.ts";
import { temporaryRoot } from "./fixtures.ts";

async function read(text: string): Promise<unknown> {
  await using root = await temporaryRoot();
  const path = join(root.paths.root, "m.jsonc");
  await Deno.writeTextFile(path, text);
  return await readMatrixFile(path);
}

Deno.test("comments and trailing commas do no harm", async () => {
  const text = `// what is tested
{
  "name": "m", /* short */
  "tests": [1, 2,], // a trailing comma, "and // no comment": x
}
`;
  deepEqual(await read(text), { name: "m", tests: [1, 2] });
});

for (
  const [what, text, found] of [
    [
      "a comma that is missing",
      '{\n  "a": 1\n  "b": 2\n}',
      /it is not JSON: line 3, column 3: comma expected/,
    ],
    ["an end that is missing", '{"a": [1', /line 1, column 9: close bracket expected/],
    ["words", "matrix", /line 1, column 1: invalid symbol/],
    ["nothing", "", /line 1, column 1: value expected/],
    ["a second value", "{} {}", /line 1, column 4: end of file expected/],
  ] as const
) {
  Deno.test(`a matrix with ${what} is refused with its line and column`, async () => {
    await rejects(read(text), found);
  });
}

Deno.test("a matrix that is not there is refused by its name", async () => {
  await rejects(readMatrixFile("/nowhere/m.json"), /Cannot read the matrix \/nowhere\/m\.json/);
});
