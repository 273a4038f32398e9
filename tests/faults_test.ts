// The short form of `deno task test-faults`: a few kills, a small campaign, some leases at once.
import { deepEqual, equal, ok } from "node:assert/strict";
import { buildData } from "../pipeline/build/mod.ts";
import { buildSiteApart } from "../pipeline/commands/site_process.ts";
import { campaignOn, campaignStage } from "./faults/campaign.ts";
import type { Kill } from "./faults/controller.ts";
import { isClean, killTrial, type Recovery } from "./faults/kill.ts";
import { leaks } from "./faults/leaks.ts";
import { leasesAtOnce } from "./faults/scale.ts";

const KILLS: readonly { kill: Kill; recovery: Recovery; at: string }[] = [
  {
    at: "its wish for a machine was written and not yet sent",
    kill: { line: '"event":"intent"', when: "after" },
    recovery: "resume",
  },
  {
    at: "a machine was made and its id not yet written",
    kill: { line: '"event":"requested"', when: "before" },
    recovery: "sweep",
  },
  {
    at: "a machine was made of which no journal knows more than the wish",
    kill: { line: '"event":"requested"', when: "before" },
    recovery: "sweep without a journal",
  },
  {
    at: "a result lay finished on the machine",
    kill: { line: '"stage":"collect"', when: "after" },
    recovery: "resume",
  },
  {
    at: "a machine was gone and that not yet written",
    kill: { line: '"event":"gone"', when: "before" },
    recovery: "resume",
  },
];

for (const { at, recovery, kill } of KILLS) {
  Deno.test(`a controller killed when ${at}, then ${recovery}: no machine is left, no result lost`, async () => {
    const verdict = await killTrial({ cloud: "vastai", kill, recovery });
    ok(verdict.killed, verdict.log);
    ok(isClean(verdict), JSON.stringify(verdict));
    if (recovery === "resume") equal(verdict.succeeded, 2, verdict.log);
  });
}

Deno.test("on clouds that let one down, all entries that can be served are, the others say why, and no secret is told", async () => {
  await using stage = await campaignStage(1);
  const { served, servable, misjudged, machines_left, told } = await campaignOn(stage);
  deepEqual([served.length, misjudged, machines_left, told], [servable.length, [], 0, []]);
  await buildData(stage.paths, { info: () => undefined, warn: () => undefined });
  await buildSiteApart(stage.paths, () => undefined, new AbortController().signal);
  deepEqual(await leaks(stage), []);
});

Deno.test("forty leases at once each have a machine of their own, succeed, and leave none", async () => {
  const { succeeded, failures, left, most } = await leasesAtOnce(40, 0.005);
  deepEqual([succeeded, failures, left], [40, [], 0]);
  ok(most > 1);
});
