// A file is read line by line, wherever its reads are cut, and what is no text or too long is told by line.
import { deepEqual, equal, match } from "node:assert/strict";
import { fileLines, LONGEST_LINE_BYTES, rawLines } from "../pipeline/lib/lines.ts";

async function linesOf(content: string | Uint8Array) {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeFile(path, typeof content === "string" ? new TextEncoder().encode(content) : content);
    const raw = (await Array.fromAsync(rawLines(path))).map(({ number, bytes, complete }) => ({
      number,
      text: bytes === null ? null : new TextDecoder().decode(bytes),
      complete,
    }));
    return { lines: await Array.fromAsync(fileLines(path)), raw };
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("line breaks, a mark of order and an end without a break are no part of a line", async () => {
  const { lines } = await linesOf("\uFEFFa\r\n\nb\r\r\n\uFEFFc");
  deepEqual(lines.map(({ text }) => text), ["a", "", "b\r", "\uFEFFc"]);
  deepEqual(lines.map(({ number, complete }) => [number, complete]), [[1, true], [2, true], [3, true], [
    4,
    false,
  ]]);
  deepEqual((await linesOf("")).lines, []);
  deepEqual((await linesOf("\n")).lines.map(({ text }) => text), [""]);
});

Deno.test("lines are the same wherever the reads of a large file cut them and their characters", async () => {
  const texts = Array.from({ length: 9000 }, (_, n) => "🙂".repeat(n % 97) + n);
  const { lines, raw } = await linesOf(`${texts.join("\n")}\n`);
  deepEqual(lines.map(({ text }) => text), texts);
  deepEqual(raw.map(({ text }) => text), texts);
  equal(lines.every(({ fault, complete }) => fault === null && complete), true);
});

Deno.test("a line that is no UTF-8 is told, the lines around it are read", async () => {
  const { lines } = await linesOf(Uint8Array.from([0x61, 0x0a, 0xff, 0xfe, 0x0a, 0x62, 0x0a, 0xf0, 0x9f]));
  deepEqual(lines.map(({ text, fault }) => [text, fault]), [
    ["a", null],
    ["", "it is not UTF-8"],
    ["b", null],
    ["", "it is not UTF-8"],
  ]);
  equal(lines.at(-1)?.complete, false);
});

Deno.test("a line beyond the longest is told and not held, the next ones are read", async () => {
  const long = "x".repeat(LONGEST_LINE_BYTES + 1);
  const { lines, raw } = await linesOf(`a\n${long}\nb\n${long.slice(1)}\n${long}`);
  match(lines[1]?.fault ?? "", /longer than 4 MiB/);
  deepEqual(lines.map(({ text }) => text.length), [1, 0, 1, LONGEST_LINE_BYTES, 0]);
  deepEqual(raw.map(({ text }) => text?.length ?? null), [1, null, 1, LONGEST_LINE_BYTES, null]);
  deepEqual(lines.map(({ complete }) => complete), [true, true, true, true, false]);
});
