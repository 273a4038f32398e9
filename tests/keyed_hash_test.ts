// The hash by which requests are known again is the one that its authors publish.
import { deepEqual } from "node:assert/strict";
import { keyedHash } from "../pipeline/lib/keyed_hash.ts";

/** Bytes from 0 up → the published hash with the secret of bytes 0 to 7. */
const VECTORS: Readonly<Record<number, string>> = {
  0: "218d1f59b9b83cc8",
  4: "d5e78a175be52ea1",
  8: "edfee820bce4858c",
};

Deno.test("whole words come out as HalfSipHash-2-4 of 64 bits", () => {
  const words = (bytes: number) => new Uint32Array(Uint8Array.from({ length: bytes }, (_, n) => n).buffer);
  const [first = 0, second = 0] = words(8);
  for (const [bytes, expected] of Object.entries(VECTORS)) {
    const hash = Uint32Array.from(keyedHash(words(Number(bytes)), [first, second]));
    deepEqual(new Uint8Array(hash.buffer).toHex(), expected);
  }
});
