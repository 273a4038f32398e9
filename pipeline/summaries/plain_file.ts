// Files of results as they lie on disk: only plain ones are read, and only up to a size.
import { exists, isSystemError, whyNoFile } from "../lib/files.ts";

const MOST_BYTES = 64 * 2 ** 20;
const LF = 0x0a;

/** The bytes of the file at `path`, none without a file, or why it cannot be read. */
export async function plainFile(path: string): Promise<{ bytes: Uint8Array } | { reason: string }> {
  try {
    if (!await exists(path)) return { bytes: new Uint8Array() };
    const none = await whyNoFile(path);
    if (none !== null) return { reason: none };
    const { size } = await Deno.stat(path);
    return size <= MOST_BYTES
      ? { bytes: await Deno.readFile(path) }
      : { reason: `it has ${size} bytes, at most ${MOST_BYTES} are taken` };
  } catch (error) {
    if (isSystemError(error)) return { reason: "it cannot be opened" };
    throw error;
  }
}

/** Up to the last line break, without what a crash left of a line. */
export function wholeLines(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(0, bytes.lastIndexOf(LF) + 1);
}
