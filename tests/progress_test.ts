// How a run shows itself on a terminal and in a pipe.
import { deepEqual, equal } from "node:assert/strict";
import { createLog } from "../pipeline/lib/log.ts";
import { createProgress } from "../pipeline/run/progress.ts";

const tally = {
  level: 2,
  elapsed_seconds: 20.7,
  planned_seconds: 20,
  requests: 31,
  tokens: 7936,
  errors: 1,
  tokens_per_second: 383.38,
};

function show(terminal: boolean): string[] {
  const written: string[] = [];
  const write = (text: string) => void written.push(text);
  const progress = createProgress(createLog(write, () => new Date(0)), write, terminal);
  progress.begin("local-m");
  progress.show(tally);
  progress.log.info("done");
  return written;
}

Deno.test("a terminal shows one line that is redrawn and cleared before the next message, its time never past the window", () => {
  deepEqual(show(true), [
    "\r\x1b[K  local-m  c=2  20 of 20 s  31 requests  383.4 tokens/s  1 failed",
    "\r\x1b[K",
    "00:00:00  done\n",
  ]);
});

Deno.test("a pipe gets messages alone", () => {
  equal(show(false).join(""), "00:00:00  done\n");
});
