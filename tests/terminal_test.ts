// Words of others on a terminal: they are shown, and obeyed by nobody.
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { join } from "node:path";
import { createLog } from "../pipeline/lib/log.ts";
import { renderTable } from "../pipeline/lib/table.ts";
import { clean, cleanJson, cleanLine } from "../pipeline/lib/terminal.ts";
import { boardText } from "../pipeline/run/board.ts";
import { cli } from "./e2e/cli.ts";
import { entry, journal, jsonl, temporaryRoot } from "./fixtures.ts";

/** What terminals obey: a colour, a title, a clipboard, C1's own introducer, other directions, a hidden mark, half a character. */
const OBEYED = [
  "\x1b[31m",
  "\x1b]0;owned\x07",
  "\x1b]52;c;bWFs\x07",
  "\x9b2J",
  "\u202e",
  "\u2066",
  "\u200f",
  "\ufeff",
  "\u{e0041}",
  "\u2028",
  "\x00",
  "\r",
  "\x7f",
  "\ud83d",
];
// deno-lint-ignore no-control-regex
const HARMFUL = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]|\p{Cs}|\u{e0041}/u;
const NASTY = OBEYED.map((words) => `a${words}b`).join(" ");

Deno.test("a text is shown with question marks for what a terminal obeys, all else as it is", () => {
  for (const words of OBEYED) match(clean(`a${words}b`), /^a\?.*b$/u);
  ok(!HARMFUL.test(clean(NASTY)));
  const kept = "Zoë 日本語 👩‍💻 RTX™ 4090 → ±5 %\n\tनमस्ते";
  equal(clean(kept), kept);
});

Deno.test("JSON is shown with escapes and keeps its value", () => {
  const value = { name: NASTY, list: ["ok", "日本語"] };
  const shown = cleanJson(JSON.stringify(value));
  ok(!HARMFUL.test(shown));
  deepEqual(JSON.parse(shown), JSON.parse(JSON.stringify(value)));
});

Deno.test("log, table and board show nothing that a terminal obeys, and a line of a host looks like no line of ours", () => {
  const lines: string[] = [];
  createLog((line) => lines.push(line)).info(`the host said: ${NASTY}\n12:00:00  all machines are gone`);
  const table = renderTable([{ title: "gpu", of: ({ name }: { name: string }) => name }], [{
    name: `${NASTY}\nrow`,
  }]);
  const board = boardText(new Map([["l", { what: NASTY, since: 0, tally: null }]]), null, 0, 500);
  for (const text of [lines.join(""), table, board]) ok(!HARMFUL.test(text), JSON.stringify(text));
  equal(lines.join("").split("\n").filter((line) => /^\d\d:\d\d:\d\d {2}/.test(line)).length, 1);
  equal(table.split("\n").filter((line) => line.startsWith("│")).length, 2);
  equal(board.split("\n").length, 1);
});

Deno.test("a log that cannot be written stops nobody", () => {
  createLog(() => {
    throw new Deno.errors.BrokenPipe("no space left on device");
  }).warn("still here");
});

Deno.test("status shows a failure in a host's words without obeying them", async () => {
  await using root = await temporaryRoot();
  const run = "20260102-030405-abcd";
  const at = "2026-01-02T03:04:05.000Z";
  await Deno.mkdir(join(root.paths.runs, run), { recursive: true });
  await Deno.writeTextFile(
    join(root.paths.runs, run, "journal.jsonl"),
    jsonl(journal(
      { event: "run", at, run_id: run, matrix: "x.json", entries: [entry("a")] },
      {
        event: "failed",
        at,
        entry_id: "a",
        stage: "load",
        reason: `Cannot: ${NASTY.toWellFormed()}`,
        raw_dir: null,
      },
    )),
  );
  const { code, out, err } = await cli("status", "--root", root.paths.root);
  equal(code, 0);
  match(out, /Cannot: a/);
  ok(!HARMFUL.test(out + err));
});

Deno.test("an error shows the words of the command line without obeying them", async () => {
  const { code, err } = await cli("status", "\x1b]0;owned\x07");
  equal(code, 2);
  match(err, /^Cannot show run \?\]0;owned\?/);
});

Deno.test("words of any length are brought onto one line in one go", () => {
  const gap = " ".repeat(2 ** 20);
  equal(cleanLine(`a${gap}b \n c`), `a${gap}b c`);
});
