// Files of others are read to their end, which they have, and are what they are said to be.
import { deepEqual, equal, throws } from "node:assert/strict";
import { join } from "node:path";
import { sha256Hex } from "../pipeline/lib/files.ts";
import { plainDigest, readPlain, UnreadError } from "../pipeline/lib/plain_file.ts";

const MIB = 2 ** 20;

Deno.test("a file of several parts is read and digested whole, and one byte more than may be is refused", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = join(folder, "large.json");
    const bytes = Uint8Array.from({ length: 2 * MIB + 7 }, (_, at) => (at * 7 + (at >> 16)) % 251);
    await Deno.writeFile(path, bytes);
    deepEqual(sha256Hex(readPlain(path, bytes.length)), sha256Hex(bytes));
    equal(plainDigest(path, bytes.length), sha256Hex(bytes));
    for (const read of [readPlain, plainDigest]) {
      throws(
        () => read(path, bytes.length - 1),
        new UnreadError("it has 2097159 bytes, at most 2097158 are read"),
      );
    }
    throws(() => readPlain(folder, MIB), new UnreadError("it is a folder"));
    throws(() => readPlain(join(folder, "none"), MIB), new UnreadError("it is not there"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
