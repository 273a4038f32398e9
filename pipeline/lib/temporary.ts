// Temporary folders and files that do not outlive their use: each is held by a lock of the operating system, which ends with its process, and whoever makes the next one clears what nobody holds.
import { dirname, join } from "node:path";
import { removeFolder } from "./files.ts";

const PREFIX = "ga-";
/** The lock of a folder lies beside it: it is there before the folder and goes after it. */
const LOCK = ".held";
const PART = ".part";
const NOT_YET = ".new";
/** A lock that nobody has taken for so long will not be. */
const NEVER_TAKEN_MS = 3_600_000;

let clearing: Promise<void> | null = null;

/** A new folder for temporary files of this process; leaving its scope removes it. Its path is short enough for sockets. */
export async function temporaryFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const made = await Deno.makeTempFile({ prefix: PREFIX, suffix: `${LOCK}${NOT_YET}` });
  const held = made.slice(0, -NOT_YET.length);
  const lock = await hold(held, await Deno.open(made, { write: true }));
  const path = held.slice(0, -LOCK.length);
  await Deno.mkdir(path, { mode: 0o700 });
  await (clearing ??= clearFolders(dirname(path)));
  return {
    path,
    [Symbol.asyncDispose]: async () => {
      await removeFolder(path).catch(() => undefined);
      await Deno.remove(held).catch(() => undefined);
      lock.close();
    },
  };
}

/** Makes the file at `path` whole: `write` fills another one beside it, which then takes its place. */
export async function makeWhole(path: string, write: (file: Deno.FsFile) => Promise<void>): Promise<void> {
  await clearParts(dirname(path));
  const part = `${path}.${crypto.randomUUID()}${PART}`;
  using file = await hold(part, await Deno.open(`${part}${NOT_YET}`, { write: true, createNew: true }));
  try {
    await write(file);
    await Deno.rename(part, path);
  } catch (error) {
    await Deno.remove(part).catch(() => undefined);
    throw error;
  }
}

/** Locks a new file as long as it is open; it gets its name only then, so that nobody takes it for one that nobody holds. */
async function hold(path: string, file: Deno.FsFile): Promise<Deno.FsFile> {
  await file.lock(true);
  await Deno.rename(`${path}${NOT_YET}`, path);
  return file;
}

/** Removes the folders of processes that have ended. */
async function clearFolders(home: string): Promise<void> {
  for await (const { name, isFile } of Deno.readDir(home)) {
    if (!isFile || !name.startsWith(PREFIX)) continue;
    const path = join(home, name);
    if (name.endsWith(LOCK) && !await isHeld(path)) {
      await removeFolder(path.slice(0, -LOCK.length)).catch(() => undefined);
      await Deno.remove(path).catch(() => undefined);
    } else if (name.endsWith(`${LOCK}${NOT_YET}`) && await wasNeverTaken(path)) {
      await Deno.remove(path).catch(() => undefined);
    }
  }
}

async function wasNeverTaken(path: string): Promise<boolean> {
  const { mtime } = await Deno.stat(path).catch(() => ({ mtime: null }));
  return mtime !== null && Date.now() - mtime.getTime() > NEVER_TAKEN_MS;
}

/** Removes the half-made files of processes that have ended. */
async function clearParts(folder: string): Promise<void> {
  for await (const { name } of Deno.readDir(folder)) {
    const part = join(folder, name);
    const isLeft = name.endsWith(PART)
      ? !await isHeld(part)
      : name.endsWith(`${PART}${NOT_YET}`) && await wasNeverTaken(part);
    if (isLeft) await Deno.remove(part).catch(() => undefined);
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
