// Whoever is stopped waits for no provider.
import { rejects } from "node:assert/strict";
import { StoppedError } from "../pipeline/errors.ts";
import type { Script } from "./cloud/server.ts";
import { hollow, type HollowRun } from "./hollow.ts";

for (
  const [what, verb, act] of [
    ["takes our key", "admit", async (run: HollowRun, signal: AbortSignal) => {
      const { machine_id } = await run.rent();
      await run.fleet.bringUp(machine_id, signal);
    }],
    ["says whether a machine runs", "get", async (run: HollowRun, signal: AbortSignal) => {
      const { machine_id } = await run.rent();
      await run.fleet.requireRunning(machine_id, signal);
    }],
    ["lists what a lost create made", "list", (run: HollowRun, signal: AbortSignal) => run.rent({ signal })],
  ] as const
) {
  Deno.test(`nobody who is stopped waits for a provider that never ${what}`, async () => {
    const stop = new AbortController();
    const script: Script = (asked) => {
      if (asked === "create" && verb === "list") return { lost: "after" };
      if (asked !== verb) return undefined;
      stop.abort(new StoppedError("Ctrl-C"));
      return { hang: true };
    };
    await using stage = await hollow({ vastai: { script, bootSeconds: 60 } });
    await using run = await stage.open();
    await rejects(act(run, stop.signal), /Ctrl-C/);
    stage.clock.giveUp();
  });
}
