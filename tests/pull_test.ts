// What Ollama's library answers to a pull, line by line: an error in any shape is one, with its words and its reason, whatever follows.
import { deepEqual, equal, rejects } from "node:assert/strict";
import { pull } from "../pipeline/engines/ollama_pull.ts";
import { Failure } from "../pipeline/schema/failures.ts";
import { engineWorld } from "./fixtures.ts";

const BEGUN = { status: "pulling manifest" };
const DONE = { status: "success" };

/** Pulls from a server that answers with these lines, every time it is asked. */
async function pulled(...lines: readonly (object | string | null)[]): Promise<number> {
  const body = lines.map((line) => `${typeof line === "string" ? line : JSON.stringify(line)}\n`).join("");
  const world = engineWorld([], { fetch: () => Promise.resolve(new Response(body)) });
  return await pull("http://127.0.0.1:1", "m", world);
}

const FULL = "write blob: no space left on device";
/** What comes → the words and the reason for the failure. */
const ERRORS: Readonly<
  Record<string, readonly [lines: readonly (object | string)[], words: string, code: string]>
> = {
  "an error as text": [[BEGUN, { error: FULL }], FULL, "disk_too_small"],
  "an error object": [[BEGUN, { error: { message: FULL } }], FULL, "disk_too_small"],
  "an error object, and then a success": [
    [{ error: { code: 507, message: FULL } }, DONE],
    FULL,
    "disk_too_small",
  ],
  "an error beside a status": [
    [{ ...BEGUN, error: "file does not exist" }],
    "file does not exist",
    "model_unknown",
  ],
  "a detail": [[{ detail: "quota exceeded" }], "quota exceeded", "pull_failed"],
  "a bare message": [[{ message: "unauthorized" }], "unauthorized", "pull_failed"],
  "a page": [["<html>sign in</html>"], "<html>sign in</html>", "pull_failed"],
};
for (const [what, [lines, words, code]] of Object.entries(ERRORS)) {
  Deno.test(`a pull answered with ${what} fails as ${code}, with its words`, async () => {
    await rejects(pulled(...lines), (error) => {
      deepEqual(error instanceof Failure && [error.code, error.message], [
        code,
        `Cannot pull m: the engine answered 200: ${words}`,
      ]);
      return true;
    });
  });
}

Deno.test("lines of a pull that say nothing are passed over", async () => {
  const layer = { status: "pulling 845d", digest: "sha256:845d", total: 9, completed: 9, error: "" };
  equal(await pulled(BEGUN, null, "", "[]", layer, { ...BEGUN, message: "attempt 2" }, DONE), 9);
});

Deno.test("a pull of parts without end is the machine's fault", async () => {
  const parts = Array.from({ length: 10_001 }, (_, n) => ({ digest: `sha256:${n}`, total: 9, completed: 9 }));
  equal(await pulled(...parts.slice(1), DONE), 90_000);
  await rejects(pulled(...parts, DONE), (error) => {
    deepEqual(error instanceof Failure && [error.code, error.message], [
      "hostile_output",
      "Cannot pull m: it has more than 10000 parts",
    ]);
    return true;
  });
});
