// Files of results as they lie on disk: only plain ones are read, and only up to a size.
import { readPlain, UnreadError } from "../lib/plain_file.ts";

const MOST_BYTES = 64 * 2 ** 20;
const LF = 0x0a;

/** The bytes of the file at `path`, none without a file, or why it cannot be read. */
export function plainFile(path: string): { bytes: Uint8Array } | { reason: string } {
  try {
    return { bytes: readPlain(path, MOST_BYTES) };
  } catch (error) {
    if (!(error instanceof UnreadError)) throw error;
    return error.isMissing ? { bytes: new Uint8Array() } : { reason: error.message };
  }
}

/** Up to the last line break, without what a crash left of a line. */
export function wholeLines(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(0, bytes.lastIndexOf(LF) + 1);
}
