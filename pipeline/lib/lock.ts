// One writer a root: a lock of the operating system, so it ends with its process, however that ends.
import { join } from "node:path";
import { UserError } from "../errors.ts";
import { clearLeftovers } from "./leftovers.ts";

/** Takes the lock of `root` or refuses with a UserError that names the process holding it. What the last holder left half-made, if it was killed, is cleared. */
export async function lockRoot(root: string): Promise<Disposable> {
  await Deno.mkdir(join(root, "runs"), { recursive: true });
  const path = join(root, "runs", ".lock");
  const file = await Deno.open(path, { read: true, write: true, create: true });
  if (!await file.tryLock(true)) {
    file.close();
    const holder = (await Deno.readTextFile(path)).trim() || "unknown";
    throw new UserError(
      `Cannot write to ${root}: another run, import or build is at work there (process ${holder})`,
      "Wait until it has ended, or give this one its own folder with --root DIR.",
    );
  }
  const last = await Deno.readTextFile(path);
  await file.truncate();
  await file.write(new TextEncoder().encode(`${Deno.pid}\n`));
  if (last !== "") await clearLeftovers(root);
  return {
    [Symbol.dispose]: () => {
      // Whoever is killed does not come to this.
      file.truncateSync();
      file.close();
    },
  };
}
