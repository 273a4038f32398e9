// One writer a root: a lock of the operating system, so it ends with its process, however that ends.
import { join } from "node:path";
import { UserError } from "../errors.ts";

/** Takes the lock of `root` or refuses with a UserError that names the process holding it. */
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
  await file.truncate();
  await file.write(new TextEncoder().encode(`${Deno.pid}\n`));
  return { [Symbol.dispose]: () => file.close() };
}
