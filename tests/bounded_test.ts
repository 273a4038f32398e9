// Streams of others: an end in bytes, an end in time, and lines of any length.
import { deepEqual, equal, rejects } from "node:assert/strict";
import { bounded, TooMuchError, wholeOf } from "../pipeline/lib/bounded.ts";
import { LineSplitter } from "../pipeline/lib/line_splitter.ts";

/** Pieces of `size` bytes without an end. */
function endless(
  size: number,
  told: { cancelled: boolean } = { cancelled: false },
): ReadableStream<Uint8Array> {
  return new ReadableStream({
    pull: (controller) => controller.enqueue(new Uint8Array(size).fill(120)),
    cancel: () => void (told.cancelled = true),
  });
}

for (const size of [1, 7, 100, 65_536]) {
  Deno.test(`of a stream in pieces of ${size} bytes that never ends no byte beyond the bound is seen, and it is closed`, async () => {
    const told = { cancelled: false };
    let came = 0;
    await rejects(async () => {
      for await (const part of bounded(endless(size, told), 100_000)) came += part.length;
    }, TooMuchError);
    equal(came, 100_000 - 100_000 % size);
    equal(told.cancelled, true);
    await rejects(wholeOf(endless(size), 100_000), /more than 98 KiB came/);
  });
}

Deno.test("a stream of just as many bytes as it may have is whole", async () => {
  const bytes = crypto.getRandomValues(new Uint8Array(60_000));
  const pieces = () =>
    ReadableStream.from([bytes.subarray(0, 1), bytes.subarray(1, 40_000), bytes.subarray(40_000)]);
  deepEqual(await wholeOf(pieces(), 60_000), bytes);
  deepEqual(await wholeOf(pieces(), 1e6), bytes);
  deepEqual(await wholeOf(ReadableStream.from<Uint8Array>([]), 10), new Uint8Array());
});

Deno.test("a stream ends with its signal even where nothing ever comes, and says why", async () => {
  for (const early of [true, false]) {
    const stop = new AbortController();
    const silent = new ReadableStream<Uint8Array>({ pull: () => new Promise(() => undefined) });
    if (early) stop.abort(new Error("its time is over"));
    const reading = wholeOf(silent, 10, { signal: stop.signal });
    stop.abort(new Error("its time is over"));
    await rejects(reading, /^Error: its time is over$/);
  }
});

Deno.test("an error of a stream is told as what it means", async () => {
  const broken = new ReadableStream<Uint8Array>({ pull: () => Promise.reject(new Error("reset")) });
  const explain = (error: unknown) => Promise.resolve(new Error("the machine is gone", { cause: error }));
  await rejects(wholeOf(broken, 10, { explain }), /the machine is gone/);
});

Deno.test("lines come whole however they are cut, and of one that is too long the beginning", () => {
  const text = "one\r\ntwo\n\nthe fourth line\nrest";
  for (let size = 1; size <= text.length; size++) {
    const splitter = new LineSplitter(10);
    const lines: string[] = [];
    for (let at = 0; at < text.length; at += size) lines.push(...splitter.push(text.slice(at, at + size)));
    deepEqual([...lines, splitter.rest()], ["one", "two", "", "the fourth", "rest"]);
    equal(splitter.rest(), null);
  }
});

Deno.test("a line of a gigabyte in pieces takes the memory of its beginning alone", () => {
  const splitter = new LineSplitter();
  const piece = "x".repeat(1 << 20);
  for (let n = 0; n < 1024; n++) deepEqual(splitter.push(piece), []);
  equal(splitter.push("\n")[0]?.length, 64 * 1024);
});
