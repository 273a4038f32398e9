// Temporary folders and files that do not outlive their use: each is held by a lock of the operating system, which ends with its process, and whoever makes the next one clears what nobody holds.
import { dirname, join } from "node:path";
import { removeFolder } from "./files.ts";

const PREFIX = "ga-";
const LOCK = ".held";

let clearing: Promise<void> | null = null;

/** A new folder for temporary files of this process; leaving its scope removes it. Its path is short enough for sockets. */
export async function temporaryFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await Deno.makeTempDir({ prefix: PREFIX });
  const lock = await hold(join(path, LOCK));
  await (clearing ??= clearFolders(dirname(path)));
  return {
    path,
    [Symbol.asyncDispose]: async () => {
      await removeFolder(path).catch(() => undefined);
      lock.close();
    },
  };
}

/** Makes the file at `path` whole: `write` fills another one beside it, which then takes its place. */
export async function makeWhole(path: string, write: (file: Deno.FsFile) => Promise<void>): Promise<void> {
  await clearParts(dirname(path));
  const part = `${path}.${crypto.randomUUID()}.part`;
  using file = await hold(part);
  try {
    await write(file);
    await Deno.rename(part, path);
  } catch (error) {
    await Deno.remove(part).catch(() => undefined);
    throw error;
  }
}

/** Creates a file that is locked as long as it is open; it has its name only then, so that nobody takes it for one that nobody holds. */
async function hold(path: string): Promise<Deno.FsFile> {
  const file = await Deno.open(`${path}.new`, { write: true, createNew: true });
  await file.lock(true);
  await Deno.rename(`${path}.new`, path);
  return file;
}

/** Removes the folders of processes that have ended. */
async function clearFolders(home: string): Promise<void> {
  for await (const { name, isDirectory } of Deno.readDir(home)) {
    const path = join(home, name);
    if (!isDirectory || !name.startsWith(PREFIX) || await isHeld(join(path, LOCK))) continue;
    await removeFolder(path).catch(() => undefined);
  }
}

/** Removes the half-made files of processes that have ended. */
async function clearParts(folder: string): Promise<void> {
  for await (const { name } of Deno.readDir(folder)) {
    const part = join(folder, name);
    if (name.endsWith(".part") && !await isHeld(part)) await Deno.remove(part).catch(() => undefined);
  }
}

/** Whether a process holds the file; one that is not there, or that we may not open, is left alone as well. */
async function isHeld(path: string): Promise<boolean> {
  try {
    using file = await Deno.open(path, { read: true, write: true });
    return !await file.tryLock(true);
  } catch {
    return true;
  }
}
