// Reasons of failures as they are written down, whatever somebody else has put into them.
import { equal, ok } from "node:assert/strict";
import { reasonTeller } from "../pipeline/schema/reason.ts";

const tell = reasonTeller(["/srv/almanac", "/tmp/ga-1a2b3c"]);

for (
  const [what, text, told] of [
    ["plain words", "Cannot rent a machine: nothing is free", "Cannot rent a machine: nothing is free"],
    [
      "paths of the root and of temporary folders",
      'Load key "/srv/almanac/runs/r/ssh/id_ed25519": bad permissions; /tmp/ga-1a2b3c/1 in /srv/almanac',
      'Load key "runs/r/ssh/id_ed25519": bad permissions; 1 in ',
    ],
    ["homes", "Cannot read /home/ann/x and C:\\Users\\ann\\x", "Cannot read ~/x and ~\\x"],
    ["words of a terminal", "a\x1b]0;owned\x07b\x1b[2J\u202ec", "a]0;ownedb[2Jc"],
    ["several lines", "one\n  two\r\n\tthree", "one two three"],
    ["half a character", "a\ud800b", "ab"],
  ] as const
) {
  Deno.test(`a reason with ${what} is told fit to publish`, () => equal(tell(text), told));
}

Deno.test("a reason of a megabyte is told in its first 800 characters", () => {
  const told = tell(`Cannot start the job: ${"a ".repeat(1 << 19)}`);
  equal(told.length, 800);
  ok(told.startsWith("Cannot start the job: a a ") && told.endsWith("…"));
});

Deno.test("a root that is short takes nothing out of words", () => {
  equal(reasonTeller(["/", ""])("Cannot read /a/b"), "Cannot read /a/b");
});
