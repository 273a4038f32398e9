// Bytes that are written are all there, however few of them the system takes at a time.
import { deepEqual, equal, throws } from "node:assert/strict";
import { join } from "node:path";
import { writeAll } from "../pipeline/lib/files.ts";
import { LineWriter } from "../pipeline/lib/line_writer.ts";
import { rawLines } from "../pipeline/lib/lines.ts";
import { temporaryRoot } from "./fixtures.ts";

Deno.test("a file that takes three bytes at a time gets all of them in order", () => {
  const taken: number[] = [];
  const file = {
    writeSync: (bytes: Uint8Array) => {
      taken.push(...bytes.subarray(0, 3));
      return Math.min(3, bytes.length);
    },
  };
  const bytes = Uint8Array.from({ length: 100 }, (_, n) => n);
  writeAll(file, bytes);
  deepEqual(taken, [...bytes]);
});

Deno.test("lines longer and shorter than what is held at once come back as they were written", async () => {
  await using root = await temporaryRoot();
  const path = join(root.paths.root, "lines");
  const lengths = [0, 1, 2 ** 20 - 1, 2 ** 20, 3 * 2 ** 20, 5, 2 ** 19, 2 ** 19];
  {
    using writer = new LineWriter(path);
    for (const [index, length] of lengths.entries()) {
      writer.add(new Uint8Array(length).fill(97 + index), index < lengths.length - 1);
    }
    writer.end();
  }
  const lines = await Array.fromAsync(rawLines(path));
  deepEqual(lines.map(({ bytes }) => bytes?.length), lengths);
  deepEqual(
    lines.map(({ bytes }) => bytes?.[0]),
    lengths.map((length, index) => length === 0 ? undefined : 97 + index),
  );
  equal(lines.at(-1)?.complete, false);
});

Deno.test("a disk without room is said by the writer", () => {
  using writer = new LineWriter("/dev/full");
  writer.add(new Uint8Array(10));
  throws(() => writer.end(), /No space left/);
});
