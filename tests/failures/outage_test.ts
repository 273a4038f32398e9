// What only lasts for a while: a provider that is unwell, a connection that breaks, a machine or a network that stands still.
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { connect } from "../../pipeline/machines/mod.ts";
import type { Fault, Script } from "../cloud/server.ts";
import { network, whyNoNetwork } from "../cloud/network.ts";
import { TOO_MANY } from "../cloud/vastai.ts";
import { type Stage, worldWith } from "../faults/stage.ts";
import {
  type Ended,
  evidenceOf,
  first,
  LONG,
  measuring,
  OFFERS,
  run,
  stageWith,
  succeeded,
  tidy,
} from "./trial.ts";
import { until } from "../until.ts";

/** One machine was made, it gave one complete result, and no request is there twice. */
async function once(result: Ended): Promise<void> {
  const [row] = result.rows;
  await succeeded(result, row, "1", 1);
  equal(result.stage.cloud("vastai").cloud.machines.size, 1);
  const { numbers } = await evidenceOf(result.stage, row?.raw_dir ?? "");
  deepEqual(numbers, numbers.map((_, index) => index));
  ok(!result.lines.some(({ event }) => event === "retry"), result.said.join("\n"));
  tidy(result);
}

/** The run, and a way to wait for what it says. */
function begun(stage: Stage) {
  const said = (text: string, times = 1) =>
    until(() => stage.said.filter((line) => line.includes(text)).length >= times ? true : null);
  return { running: run(stage), said };
}

const LOST = "no connection; the agent goes on by itself, trying again";

Deno.test("a provider that answers 5xx in a storm, creates included, still leads to one machine and one result", async () => {
  const reply = { status: 503, text: "<html>Service Unavailable</html>" };
  const storm: Script = (verb, n): Fault | undefined => {
    if (verb === "create") return n === 1 ? { reply, after: true } : undefined;
    return n % 3 === 0 ? undefined : { reply };
  };
  await using stage = await stageWith({ script: storm });
  await once(await run(stage));
});

Deno.test("a provider that answers 429 to two of three calls still leads to one machine and one result", async () => {
  const often: Script = (_verb, n) =>
    n % 3 === 0 ? undefined : { reply: TOO_MANY[n % TOO_MANY.length] ?? {} };
  await using stage = await stageWith({ script: often });
  await once(await run(stage));
});

Deno.test("a provider that loses every third answer still leads to one machine and one result", async () => {
  const lossy: Script = (_verb, n) => n % 3 === 1 ? { lost: "after" } : undefined;
  await using stage = await stageWith({ stock: OFFERS.slice(0, 1), script: lossy });
  await once(await run(stage));
});

Deno.test("a connection that is cut again and again while measuring does not end the agent, and the result is whole", async () => {
  await using stage = await stageWith({}, LONG);
  const { running } = begun(stage);
  for (const results of [3, 10, 17]) (await measuring(stage, results)).running?.cutConnections();
  await once(await running);
});

Deno.test("a machine that nobody can connect to for a while goes on measuring, and the result is whole", async () => {
  await using stage = await stageWith({}, LONG);
  const { running, said } = begun(stage);
  const { running: machine } = await measuring(stage);
  await machine?.hangUp();
  await said(LOST, 2);
  await machine?.pickUp();
  await once(await running);
});

Deno.test("a machine that stands still for a while goes on where it was, and the result is whole", async () => {
  await using stage = await stageWith({}, LONG);
  const { running, said } = begun(stage);
  const { running: machine } = await measuring(stage);
  machine?.signal("SIGSTOP");
  await said(LOST);
  machine?.signal("SIGCONT");
  await once(await running);
});

Deno.test("[network_down] a network that is gone while a machine is first connected blames no host: the same offer is taken again", async () => {
  let isDown = false;
  const script: Script = (verb) => {
    // The network is back by the time the machine is ended.
    if (verb === "destroy") isDown = false;
    return isDown ? { lost: "before" } : undefined;
  };
  await using stage = await stageWith({ script, machines: first({ ssh: "refused" }) });
  const result = await run(stage, {
    refused: (time) => {
      isDown = true;
      time.skip(200);
    },
  });
  const [retry] = result.lines.filter((line) => line.event === "retry");
  ok(retry?.event === "retry", result.said.join("\n"));
  deepEqual([retry.code, retry.stage], ["network_down", "provision"]);
  match(retry.reason, /Cannot connect to \S+: .*; nor does Vast\.ai answer/);
  await succeeded(result, result.rows[0], "1", 2);
  tidy(result);
});

const whyNot = await whyNoNetwork();
Deno.test({
  name: `a network that is cut while the agent measures is waited for, and the result is whole${
    whyNot === null ? "" : ` (left out: ${whyNot})`
  }`,
  ignore: whyNot !== null,
  fn: async () => {
    await using net = await network();
    await using stage = await stageWith({ machines: () => ({ network: net }) }, LONG);
    const world = {
      ...worldWith(stage.simulated, stage.pace),
      connect: (address: Parameters<typeof connect>[0], context: Parameters<typeof connect>[1]) =>
        connect(address.kind === "ssh" ? { ...address, host: net.address } : address, context),
    };
    const running = run(stage, {}, { world });
    await measuring(stage);
    await net.cut();
    await until(() => stage.said.some((line) => line.includes(LOST)) ? true : null);
    await net.mend();
    await once(await running);
  },
});
