// Commands of this computer: how they ended is what is told.
import { equal, rejects } from "node:assert/strict";
import { runCommand } from "../pipeline/lib/shell.ts";

for (const [signal, number] of Object.entries({ KILL: 9, SEGV: 11, TERM: 15 })) {
  Deno.test(`a command that SIG${signal} ended did not end well`, async () => {
    equal(await runCommand(["sh", "-c", `kill -${signal} $$`]), 128 + number);
  });
}

Deno.test("a program that is not there is named", async () => {
  await rejects(runCommand(["no-such-program"]), /^UserError: Cannot run no-such-program$/);
});
