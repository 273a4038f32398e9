// One writer a root: a lock of the operating system, so it ends with its process, however that ends.
import { join } from "node:path";
import { UserError } from "../errors.ts";
import { clearLeftovers } from "./leftovers.ts";

/** Says who holds it, or nobody: as many bytes each time, since a full disk has no room for more. */
const wordOf = (holder: number | "") => new TextEncoder().encode(`${String(holder).padEnd(12)}\n`);

/** Takes the lock of `root` or refuses with a UserError that names the process holding it. What the last holder left half-made, if it was killed, is cleared. */
export async function lockRoot(root: string): Promise<Disposable> {
  await Deno.mkdir(join(root, "runs"), { recursive: true });
  const path = join(root, "runs", ".lock");
  const file = await Deno.open(path, { read: true, write: true, create: true });
  const locked = await file.tryLock(true);
  const holder = (await Deno.readTextFile(path)).trim();
  if (!locked) {
    file.close();
    throw new UserError(
      `Cannot write to ${root}: another run, import or build is at work there (process ${
        holder || "unknown"
      })`,
      "Wait until it has ended, or give this one its own folder with --root DIR.",
    );
  }
  write(file, wordOf(Deno.pid));
  if (holder !== "") await clearLeftovers(root);
  return {
    [Symbol.dispose]: () => {
      // Whoever is killed does not come to this.
      write(file, wordOf(""));
      file.close();
    },
  };
}

/** Whether a process is at work in `root`. */
export async function isLocked(root: string): Promise<boolean> {
  const path = join(root, "runs", ".lock");
  try {
    // Who ended in order has taken its name away; of who was killed the system has let the lock go.
    if ((await Deno.readTextFile(path)).trim() === "") return false;
    using file = await Deno.open(path);
    return !await file.tryLock(false);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function write(file: Deno.FsFile, word: Uint8Array): void {
  file.seekSync(0, Deno.SeekMode.Start);
  file.writeSync(word);
}
