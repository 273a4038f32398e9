// Reasons that show while a machine is rented and brought up: by the provider's words, by its machine, or by its silence.
import { deepEqual, equal, ok } from "node:assert/strict";
import { type Reply, scripted } from "../cloud/server.ts";
import { stockOf } from "../cloud/stock.ts";
import { NO_PUBLIC_IP } from "../cloud/tensordock.ts";
import { noSuchAsk } from "../cloud/vastai.ts";
import { setStage } from "../faults/stage.ts";
import type { Ended, Events } from "./trial.ts";
import { ended, first, givesUp, OFFERS, retried, run, stageWith, succeeded, TEST, tidy } from "./trial.ts";

const refused = (error: string, msg: string, status = 400): Reply => ({
  status,
  json: { success: false, error, msg },
});
const [ONE] = OFFERS;
const alone = { stock: ONE === undefined ? [] : [ONE] };
/** How often a create was sent. */
const creates = ({ stage }: Ended) =>
  stage.cloud("vastai").asked.filter(({ verb }) => verb === "create").length;

Deno.test("[offer_gone] an offer that was taken in between is left for the next, and nothing was made of it", async () => {
  await using stage = await stageWith({ script: scripted({ create: { 1: { reply: noSuchAsk("1") } } }) });
  const result = await run(stage);
  retried(result, {
    code: "offer_gone",
    at: "provision",
    found: /Cannot rent offer 1 at Vast\.ai: .*no_such_ask/,
  });
  await succeeded(result, result.rows[0], "2", 2);
  equal(stage.cloud("vastai").cloud.machines.size, 1);
  tidy(result);
});

Deno.test("[offer_gone] offers that are listed and never there lower the trust in them, until none is left", async () => {
  await using stage = await stageWith({ stale: () => true });
  const result = await run(stage);
  ended(result, result.rows[0], { code: "offer_gone", at: "provision", found: /no_such_ask/ });
  deepEqual([creates(result), stage.cloud("vastai").cloud.machines.size], [2, 0]);
  tidy(result);
});

Deno.test("[no_public_ip] a location without an address is left for another location", async () => {
  const stock = ["a", "b"].map((host, n) =>
    stockOf(host, "RTX 4090", { host, location: `Town ${host}`, price_per_hour: 0.3 + n / 10 })
  );
  const script = scripted({ create: { 1: { reply: NO_PUBLIC_IP } } });
  await using stage = await setStage({
    clouds: { tensordock: { stock, script } },
    tests: [{ ...TEST, providers: ["tensordock"] }],
  });
  const result = await run(stage);
  retried(result, {
    code: "no_public_ip",
    at: "provision",
    found: /Cannot rent a\/.*No available public IPs/,
  });
  await succeeded(result, result.rows[0], result.machines[1]?.offer.id ?? "", 2);
  deepEqual(result.machines.map(({ offer }) => offer.host), ["a", "b"]);
  tidy(result);
});

Deno.test("[no_public_ip] when no location has an address, the entry says so", async () => {
  const stock = [stockOf("a", "RTX 4090", { host: "a" })];
  await using stage = await setStage({
    clouds: { tensordock: { stock, script: scripted({ create: { 0: { reply: NO_PUBLIC_IP } } }) } },
    tests: [{ ...TEST, providers: ["tensordock"] }],
  });
  const result = await run(stage);
  ended(result, result.rows[0], { code: "no_public_ip", at: "provision", found: /No available public IPs/ });
  tidy(result);
});

Deno.test("[request_refused] a request that is called wrong is tried with another offer, and then reported", async () => {
  const reply = refused("invalid_args", "error: disk must be a float");
  const stock = [1, 2, 3, 4].map((n) => stockOf(String(n), "RTX 4090"));
  await using stage = await stageWith({ stock, script: scripted({ create: { 0: { reply } } }) });
  const result = await run(stage);
  const found = /Cannot rent offer 3 at Vast\.ai: it answered 400: .*disk must be a float/;
  ended(result, result.rows[0], { code: "request_refused", at: "provision", found });
  equal(retried(result, { code: "request_refused", at: "provision", found: /disk must be a float/ }), 2);
  equal(creates(result), 3);
  tidy(result);
});

Deno.test("[create_half_done] a machine that was made although the answer was no is destroyed, and another offer is taken", async () => {
  const reply = {
    json: { success: false, error: "invalid_price", msg: "bid too low", new_contract: 29410501 },
  };
  await using stage = await stageWith({ script: scripted({ create: { 1: { reply, after: true } } }) });
  const result = await run(stage);
  const found = /Cannot rent offer 1 at Vast\.ai: .*bid too low/;
  retried(result, { code: "create_half_done", at: "provision", found });
  await succeeded(result, result.rows[0], "2", 2);
  deepEqual(result.machines.map(({ state }) => state), ["gone", "gone"]);
  tidy(result);
});

Deno.test("[create_unknown] a create whose answer is lost is looked for by its label for long, and only then tried elsewhere", async () => {
  await using stage = await stageWith({ script: scripted({ create: { 1: { lost: "before" } } }) });
  const result = await run(stage, {
    line: (line, time) => line.includes("proof that it was never") && time.skip(300),
  });
  const found = /Cannot rent offer 1 at Vast\.ai: no answer came/;
  retried(result, { code: "create_unknown", at: "provision", found });
  await succeeded(result, result.rows[0], "2", 2);
  equal(result.machines[0]?.state, "not_created");
  equal(creates(result), 2);
  tidy(result);
});

Deno.test("a create whose answer is lost after it was made is found by its label, and its machine is taken", async () => {
  for (
    const fault of [{ lost: "after" }, { reply: { status: 502, text: "bad gateway" }, after: true }] as const
  ) {
    await using stage = await stageWith({ script: scripted({ create: { 1: fault } }) });
    const result = await run(stage);
    await succeeded(result, result.rows[0], "1", 1);
    equal(stage.cloud("vastai").cloud.machines.size, 1);
    ok(result.said.some((line) => line.includes("found by its label as 29410501")));
    tidy(result);
  }
});

Deno.test("[boot_failed] a machine that ends in an error is told in the provider's words, and another host is tried", async () => {
  const bootError = "Error: OCI runtime create failed: nvidia-container-cli: device error";
  await using stage = await setStage({
    clouds: {
      vastai: { stock: OFFERS, machines: (n) => n === 1 ? { bootError } : undefined },
      lambda: {
        stock: [stockOf("i", "RTX 4090", { location: "us-west-1" })],
        machines: () => ({ bootError }),
      },
    },
    tests: [{ ...TEST, providers: ["vastai", "lambda"] }],
  });
  const result = await run(stage);
  const [vastai, lambda] = result.rows;
  const found = /Cannot start machine \S+: it is "(created: Error: OCI runtime create failed|unhealthy)/;
  retried(result, { code: "boot_failed", at: "provision", found });
  await succeeded(result, vastai, "2", 2);
  ended(result, lambda, { code: "boot_failed", at: "provision", found });
  tidy(result);
});

Deno.test("[boot_timeout] a machine that only loads is given up when its provider's usual time is over", async () => {
  const found = /Cannot start machine \S+: after (900|600) s it is "(loading: loading|queued)"/;
  await givesUp({ neverBoots: true }, { code: "boot_timeout", at: "provision", found }, {
    events: { line: (line, time) => / {2}(loading: loading|queued)$/.test(line) && time.skip(450) },
  });
});

Deno.test("[machine_stopped] a machine that its provider stops while it boots is left at once", async () => {
  await using stage = await stageWith({});
  const { cloud } = stage.cloud("vastai");
  const result = await run(stage, {
    line: (line) => {
      const [machine] = cloud.present();
      if (!line.endsWith("  loading: loading") || machine?.n !== 1) return;
      machine.state = "stopped";
      machine.words = "stopped by its host";
    },
  });
  const found = /Cannot start machine 29410501: it is "exited: stopped by its host"/;
  retried(result, { code: "machine_stopped", at: "provision", found });
  await succeeded(result, result.rows[0], "2", 2);
  tidy(result);
});

Deno.test("[machine_vanished] a machine that its provider forgets while it boots is left after a few looks", async () => {
  await using stage = await stageWith({});
  const { cloud } = stage.cloud("vastai");
  const result = await run(stage, {
    line: (line) => {
      const [machine] = cloud.present();
      if (line.endsWith("  loading: loading") && machine?.n === 1) machine.state = "gone";
    },
  });
  const found = /Cannot start machine 29410501: Vast\.ai no longer knows it/;
  retried(result, { code: "machine_vanished", at: "provision", found });
  await succeeded(result, result.rows[0], "2", 2);
  tidy(result);
});

const late: Events = { refused: (time) => time.skip(90) };

Deno.test("[ssh_unreachable] a machine that runs and never listens is left, and the next host measures", async () => {
  const found = /Cannot connect to \S+127\.0\.0\.1:\d+: .*Connection refused/;
  await givesUp({ ssh: "refused" }, { code: "ssh_unreachable", at: "provision", found }, { events: late });
});

Deno.test("[outbid] a machine that is lost to a higher bid before it was reached is not taken for one that does not listen", async () => {
  await using stage = await stageWith(
    { machines: first({ ssh: "refused", outbidAfter: 0.01 }) },
    { offers: { market: "interruptible" } },
  );
  const result = await run(stage, late);
  const found = /Cannot (go on with|start) machine 29410501: .*"exited: stopped"/;
  retried(result, { code: "outbid", at: "provision", found });
  await succeeded(result, result.rows[0], "2", 2);
  tidy(result);
});

Deno.test("[ssh_denied] a machine that never takes our key is left, and the next host measures", async () => {
  const found = /Cannot connect to \S+127\.0\.0\.1:\d+: .*Permission denied/;
  await givesUp({ ssh: "denied" }, { code: "ssh_denied", at: "provision", found }, { events: late });
});

Deno.test("a machine that takes our key late is waited for, and nothing fails", async () => {
  await using stage = await stageWith({ ...alone, machines: () => ({ ssh: { lateSeconds: 15 } }) });
  const result = await run(stage);
  await succeeded(result, result.rows[0], "1", 1);
  tidy(result);
});
