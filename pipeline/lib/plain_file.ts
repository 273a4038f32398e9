// Files of others, read to their end: plain ones alone, up to a number of bytes. A pipe may never give a byte, and a device never ends.
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { isSystemError, NOT_THERE, sha256Hex, systemFault, whyNotPlain, writeAll } from "./files.ts";

/** A file that cannot be had whole; its message says why, without its path. */
export class UnreadError extends Error {
  override readonly name = "UnreadError";

  /** Whether there is nothing of that name. */
  get isMissing(): boolean {
    return this.message === NOT_THERE;
  }
}

/** A part stays in the processor's cache until it is digested. */
const PART_BYTES = 2 ** 17;
const UTF8 = new TextDecoder("utf-8", { fatal: true });

/** The bytes of the file at `path`, piece by piece, each gone with the next. Synchronous, which is several times faster for many small files. */
export function* plainParts(path: string, most_bytes: number): Generator<Uint8Array> {
  using file = opened(path, most_bytes);
  const buffer = new Uint8Array(Math.min(PART_BYTES, most_bytes + 1, file.statSync().size + 1));
  let size = 0;
  for (let count = readInto(file, buffer); count !== null; count = readInto(file, buffer)) {
    size += count;
    if (size > most_bytes) throw tooLarge(size, most_bytes);
    yield buffer.subarray(0, count);
  }
}

/** The bytes of the file at `path`. */
export function readPlain(path: string, most_bytes: number): Uint8Array {
  return Buffer.concat(Array.from(plainParts(path, most_bytes), (part) => part.slice()));
}

/** The UTF-8 text of the file at `path`, without its byte order mark, with the SHA-256 of its bytes. */
export function readPlainText(path: string, most_bytes: number): { text: string; sha256: string } {
  const bytes = readPlain(path, most_bytes);
  try {
    return { text: UTF8.decode(bytes), sha256: sha256Hex(bytes) };
  } catch {
    throw new UnreadError("it is not UTF-8");
  }
}

/** SHA-256 of the file at `path`, in hex. */
export function plainDigest(path: string, most_bytes: number): string {
  const hash = createHash("sha256");
  for (const part of plainParts(path, most_bytes)) hash.update(part);
  return hash.digest("hex");
}

/** Copies the file at `from` if it has this SHA-256; an UnreadError says what it is instead, and nothing stays at `to`. */
export function copyPlain(from: string, to: string, sha256: string, most_bytes: number): void {
  const hash = createHash("sha256");
  using file = Deno.openSync(to, { write: true, create: true, truncate: true });
  try {
    for (const part of plainParts(from, most_bytes)) {
      hash.update(part);
      writeAll(file, part);
    }
    if (hash.digest("hex") !== sha256) throw new UnreadError("its SHA-256 is another");
  } catch (error) {
    Deno.removeSync(to);
    throw error;
  }
}

function opened(path: string, most_bytes: number): Deno.FsFile {
  try {
    const info = Deno.lstatSync(path);
    const fault = whyNotPlain(info);
    if (fault !== null) throw new UnreadError(fault);
    if (info.size > most_bytes) throw tooLarge(info.size, most_bytes);
    return Deno.openSync(path);
  } catch (error) {
    throw unread(error);
  }
}

function readInto(file: Deno.FsFile, buffer: Uint8Array): number | null {
  try {
    return file.readSync(buffer);
  } catch (error) {
    throw unread(error);
  }
}

function tooLarge(bytes: number, most_bytes: number): UnreadError {
  return new UnreadError(`it has ${bytes} bytes, at most ${most_bytes} are read`);
}

function unread(error: unknown): unknown {
  return isSystemError(error) ? new UnreadError(systemFault(error), { cause: error }) : error;
}
