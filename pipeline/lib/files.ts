// Files that are either whole or not there, and their digests.
import { createHash } from "node:crypto";
import { dirname } from "node:path";

/** Writes through a temporary file beside `path`, flushed and renamed: a reader sees the old text or the new one. */
export async function writeAtomic(path: string, content: string | Uint8Array): Promise<void> {
  await Deno.mkdir(dirname(path), { recursive: true });
  const part = `${path}.${Deno.pid}.tmp`;
  try {
    await writeFlushed(part, typeof content === "string" ? new TextEncoder().encode(content) : content);
    await Deno.rename(part, path);
  } catch (error) {
    await Deno.remove(part).catch(() => undefined);
    throw error;
  }
}

async function writeFlushed(path: string, bytes: Uint8Array): Promise<void> {
  using file = await Deno.open(path, { write: true, create: true, truncate: true });
  writeAll(file, bytes);
  await file.syncData();
}

/** Writes all of `bytes`; one call of the system may take only some of them. */
export function writeAll(file: Pick<Deno.FsFile, "writeSync">, bytes: Uint8Array): void {
  for (let rest = bytes; rest.length > 0;) rest = rest.subarray(file.writeSync(rest));
}

/** A UTF-8 text without its byte order mark; throws a TypeError for bytes that are none. */
export async function readText(path: string): Promise<string> {
  return new TextDecoder("utf-8", { fatal: true }).decode(await Deno.readFile(path));
}

/** What lies at `path` in the place of a plain file, in words; null when there is one. Links are not followed. */
export async function whyNoFile(path: string): Promise<string | null> {
  try {
    return whyNotPlain(await Deno.lstat(path));
  } catch (error) {
    if (isSystemError(error)) return systemFault(error);
    throw error;
  }
}

/** What a thing is that is no plain file, in words; null when it is one. */
export function whyNotPlain({ isFile, isDirectory, isSymlink }: Deno.FileInfo): string | null {
  if (isFile) return null;
  return isDirectory ? "it is a folder" : isSymlink ? "it is a link" : "it is no plain file";
}

export const NOT_THERE = "it is not there";

/** Why a file cannot be had, without its path. */
export function systemFault(error: Error): string {
  const isMissing = error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory;
  return isMissing ? NOT_THERE : "it cannot be opened";
}

/** Whether the operating system refused something, such as a file that may not be read or a disk without room. */
export function isSystemError(error: unknown): error is Error {
  return error instanceof Error && "code" in error && /^E[A-Z0-9]+$/.test(String(error.code));
}

/** SHA-256 in hex. */
export function sha256Hex(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

/** Size and SHA-256 of a file of any size. */
export async function sha256File(path: string): Promise<{ sha256: string; bytes: number }> {
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const chunk of (await Deno.open(path)).readable) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { sha256: hash.digest("hex"), bytes };
}

/** Whether anything lies at `path`. */
export async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return false;
    throw error;
  }
}

/** Removes a folder with all it holds, if it is there. */
export async function removeFolder(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
