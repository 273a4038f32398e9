import { equal, rejects } from "node:assert/strict";
import { join } from "node:path";
import { isLocked, lockRoot } from "../pipeline/lib/lock.ts";

Deno.test("a root that is being written to refuses a second writer and says who holds it", async () => {
  const root = await Deno.makeTempDir();
  {
    using _first = await lockRoot(root);
    await rejects(
      lockRoot(root),
      new RegExp(`another run, import or build is at work there \\(process ${Deno.pid}\\)`),
    );
  }
  using _again = await lockRoot(root);
  await Deno.remove(root, { recursive: true });
});

Deno.test("a root is locked as long as somebody works there, and not by one that was killed", async () => {
  const root = await Deno.makeTempDir();
  try {
    equal(await isLocked(root), false);
    {
      using _held = await lockRoot(root);
      equal(await isLocked(root), true);
    }
    equal(await isLocked(root), false);
    await Deno.writeTextFile(join(root, "runs", ".lock"), "12345       \n");
    equal(await isLocked(root), false);
    using _again = await lockRoot(root);
    equal(await isLocked(root), true);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
