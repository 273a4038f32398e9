import { rejects } from "node:assert/strict";
import { lockRoot } from "../pipeline/lib/lock.ts";

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
