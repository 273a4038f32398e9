// The reaper: what it does about each machine that an account shows or no longer shows, and what it never touches.
import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { GRACE_SECONDS, judge } from "../pipeline/fleet/judge.ts";
import { type Fault, type Script, scripted, type Verb } from "./cloud/server.ts";
import { AUTH_ERROR } from "./cloud/vastai.ts";
import { withCode } from "./contract/rented.ts";
import { CLOUDS, type Hollow, hollow, NONSENSE } from "./hollow.ts";
import { destroying, gone, machine, ready, requested, START } from "./rented_fixtures.ts";
import { stockOf } from "./cloud/stock.ts";
import { until } from "./until.ts";

const OOPS: Fault = { reply: { status: 500, text: "oops" } };
const PREFIX = "ga-1a2b3c4d";

/** What an account was asked, besides its list. */
function deeds({ cloud }: Hollow, since = 0): Verb[] {
  return cloud().asked.slice(since).map(({ verb }) => verb).filter((verb) => verb !== "list");
}

/** Judges a machine whose label says that it was made `age` seconds before the start. */
function judged(age: number, options: Parameters<typeof judge>[1]["records"] = [], prefix = PREFIX) {
  const label = `${PREFIX}-r-1-${START / 1000 - age}-60`;
  const court = {
    prefix,
    records: options,
    isWanted: () => true,
    now: START,
    grace_ms: GRACE_SECONDS * 1000,
  };
  return judge({ id: "p1", label }, court);
}

Deno.test("a machine of ours that nobody knows is left alone for ten minutes by its label, then it is an orphan", () => {
  deepEqual([0, 599, 600, 86_400].map((age) => judged(age)), ["young", "young", "orphan", "orphan"]);
});

Deno.test("a clock that is five minutes ahead or behind makes no orphan of a machine that is just being made", async () => {
  deepEqual([-300, 300].map((age) => judged(age)), ["young", "young"]);
  for (const seconds of [-300, 300]) {
    await using stage = await hollow();
    await using run = await stage.open();
    await stage.stray({ seconds: 0 });
    const asked = stage.cloud().asked.length;
    stage.clock.jump(seconds);
    const { found } = await run.reaper.pass();
    deepEqual([found.map(({ judgement }) => judgement), deeds(stage, asked)], [["young"], []]);
  }
});

Deno.test("a machine that a run wants is wanted until its deadline, and one that should be gone is unwanted", () => {
  const label = `${PREFIX}-r-1-${START / 1000}-60`;
  const known = [
    [[], 1, "wanted"],
    [[[0, requested]], 1, "wanted"],
    [[[0, requested], [9, ready]], 1, "wanted"],
    [[[0, requested], [9, ready]], 0, "overdue"],
    [[[0, requested], [9, ready], [10, destroying()]], 1, "unwanted"],
    [[[0, requested], [9, gone]], 1, "unwanted"],
    [[[0, { event: "not_created", code: "offer_gone", reason: "" }]], 1, "unwanted"],
    [[[0, { event: "requested", provider_id: "p2" }]], 1, "orphan"],
  ] as const;
  for (const [events, deadline, expected] of known) {
    equal(judged(0, [machine([...events], { label, deadline })]), expected, JSON.stringify(events));
  }
});

Deno.test("a machine with another label, with none, or of another deployment is never touched", async () => {
  await using stage = await hollow({ vastai: { stock: [stockOf("1", "RTX 4090", { capacity: 9 })] } });
  await using run = await stage.open();
  const epoch = Math.floor(Date.now() / 1000) - 3600;
  for (
    const whole of ["mine", "", `ga-x-r-1-${epoch}-60`, `my-${stage.prefix}-r-1-${epoch}-60`, stage.prefix]
  ) {
    await stage.stray({ whole: whole || "x" });
    const [latest] = stage.present().slice(-1);
    if (whole === "") Object.assign(latest ?? {}, { label: "" });
  }
  await stage.stray({ prefix: "ga-ffffffff" });
  const asked = stage.cloud().asked.length;
  const { found } = await run.reaper.pass();
  deepEqual([found.map(({ judgement }) => judgement), deeds(stage, asked)], [Array(6).fill("foreign"), []]);
});

for (const name of CLOUDS) {
  Deno.test(`an orphan at ${name} is destroyed with what the account keeps for it, and the user is told, whatever state it is in`, async () => {
    for (const state of ["running", "stopped", "failed", "starting"] as const) {
      await using stage = await hollow({ [name]: {} });
      await using run = await stage.open();
      await stage.stray({});
      for (const machine of stage.present()) Object.assign(machine, { state });
      await run.reaper.pass();
      deepEqual(stage.present(), [], state);
      match(stage.said.join("\n"), /has a machine of ours that nobody wants: ga-.*; destroying it/);
      if (name === "lambda") {
        deepEqual(stage.cloud().asked.filter(({ asked }) => asked.method === "DELETE").length, 1);
      }
    }
  });

  Deno.test(`a list at ${name} that says nothing ends nothing and closes no record`, async () => {
    for (const [what, reply] of [...Object.entries(NONSENSE), ["a refused key", AUTH_ERROR] as const]) {
      let isBroken = false;
      const script: Script = (verb) => isBroken && verb === "list" ? { reply } : undefined;
      await using stage = await hollow({ [name]: { script } });
      await using run = await stage.open();
      await stage.stray({});
      for (const lease_id of ["wanted", "vanished"]) await run.rent({ lease_id });
      const [, , vanished] = stage.present();
      if (vanished !== undefined) await stage.cloud().cloud.destroy(vanished);
      stage.clock.jump(3 * 3600);
      isBroken = true;
      const asked = stage.cloud().asked.length;
      const before = await run.events();
      for (let pass = 0; pass < 3; pass++) {
        deepEqual([...(await run.reaper.pass()).failed.keys()], [name], what);
      }
      deepEqual([deeds(stage, asked), await run.events(), stage.present().length], [[], before, 2], what);
    }
  });
}

Deno.test("a list whose second page is missing ends nothing and closes no record, and sixty machines on three pages are all seen", async () => {
  let isBroken = true;
  const script: Script = (_verb, _n, { query }) => isBroken && query.has("after_token") ? OOPS : undefined;
  await using stage = await hollow({
    vastai: { script, stock: [stockOf("1", "RTX 4090", { capacity: 61 })] },
  });
  await using run = await stage.open();
  for (let n = 0; n < 60; n++) await stage.stray({ seconds: 1000 + n });
  const asked = stage.cloud().asked.length;
  ok((await run.reaper.pass()).failed.has("vastai"));
  deepEqual([deeds(stage, asked), stage.present().length], [[], 60]);
  isBroken = false;
  equal((await run.reaper.pass()).found.length, 60);
  deepEqual(stage.present(), []);
});

Deno.test("a machine that its run wants is not touched", async () => {
  await using stage = await hollow();
  await using run = await stage.open();
  await run.rent();
  const asked = stage.cloud().asked.length;
  for (let pass = 0; pass < 3; pass++) await run.reaper.pass();
  stage.clock.jump(GRACE_SECONDS * 2);
  await run.reaper.pass();
  deepEqual([deeds(stage, asked), stage.present().length], [[], 1]);
});

Deno.test("a machine past its deadline is ended by the reaper, and the user is told", async () => {
  await using stage = await hollow();
  await using run = await stage.open();
  const { machine_id } = await run.rent({ hours: 1 });
  await run.rent({ lease_id: "longer", hours: 3 });
  stage.clock.jump(2 * 3600);
  await run.reaper.pass();
  deepEqual([run.fleet.record(machine_id).state, run.fleet.record(machine_id).end?.code], [
    "gone",
    "lease_deadline",
  ]);
  equal(stage.present().length, 1);
  match(stage.said.join("\n"), /is past its deadline: ending it/);
});

Deno.test("a machine that comes back after its end, or after a create that was refused, is destroyed and the user is told", async () => {
  const script = scripted({ create: { 2: { reply: { status: 400, text: "no" } } } });
  await using stage = await hollow({ vastai: { script } });
  await using run = await stage.open();
  const ended = await run.rent();
  ok(await run.fleet.giveBack(ended.machine_id, "done", "", 120));
  await rejects(run.rent(), withCode("request_refused"));
  const labels = run.fleet.records().map(({ label }) => label);
  for (const whole of labels) await stage.stray({ whole });
  await run.reaper.pass();
  deepEqual(stage.present(), []);
  for (const label of labels) ok(stage.said.some((text) => text.includes(`nobody wants: ${label}`)));
  deepEqual(run.fleet.records().map(({ state }) => state), ["gone", "not_created"]);
});

Deno.test("a machine that nobody could end is tried again at every pass, until it is proven gone", async () => {
  let isBroken = true;
  const script: Script = (verb) => isBroken && verb === "destroy" ? OOPS : undefined;
  await using stage = await hollow({ vastai: { script } });
  await using run = await stage.open();
  const { machine_id } = await run.rent();
  equal(await run.fleet.giveBack(machine_id, "wrong_gpu", "it is another", 60), false);
  await run.reaper.pass();
  equal(run.fleet.record(machine_id).state, "destroying");
  isBroken = false;
  await run.reaper.pass();
  deepEqual([stage.present(), run.fleet.record(machine_id).end?.code], [[], "wrong_gpu"]);
});

Deno.test("a machine that vanished is gone after two complete lists without it and its own word, once it is old enough for lists to know it", async () => {
  await using stage = await hollow();
  await using run = await stage.open();
  const { machine_id } = await run.rent();
  for (const machine of stage.present()) await stage.cloud().cloud.destroy(machine);
  const state = () => run.fleet.record(machine_id).state;
  for (let pass = 0; pass < 3; pass++) await run.reaper.pass();
  equal(state(), "requested", "lists may lag behind a create");
  stage.clock.jump(GRACE_SECONDS);
  await run.reaper.pass();
  equal(state(), "requested", "absent once");
  await run.reaper.pass();
  equal(state(), "gone");
  deepEqual(deeds(stage), ["offers", "create", "get"]);
});

Deno.test("a machine that lists leave out and that can still be asked for is not gone", async () => {
  const empty = { reply: { json: { success: true, total_instances: 0, instances: [] } } };
  await using stage = await hollow({ vastai: { script: scripted({ list: { 0: empty } }) } });
  await using run = await stage.open();
  const { machine_id } = await run.rent();
  stage.clock.jump(GRACE_SECONDS);
  for (let pass = 0; pass < 4; pass++) await run.reaper.pass();
  equal(run.fleet.record(machine_id).state, "requested");
});

Deno.test("a create of which nobody knows, whose machine is listed only later, has made one machine, which is then destroyed", async () => {
  let isListed = false;
  const script: Script = (verb, n) => {
    if (verb === "create" && n === 1) return { lost: "after" };
    const empty = { success: true, total_instances: 0, instances: [] };
    return verb === "list" && !isListed ? { reply: { json: empty } } : undefined;
  };
  await using stage = await hollow({ vastai: { script } });
  await using run = await stage.open();
  await rejects(run.rent(), withCode("create_unknown"));
  await run.reaper.pass();
  equal(stage.present().length, 1);
  isListed = true;
  await run.reaper.pass();
  deepEqual([stage.present(), stage.count("create")], [[], 1]);
  deepEqual(await run.events(), ["intent", "unknown", "requested", "destroying", "gone"]);
});

Deno.test("a create that was announced by a controller that was killed is found by its label, or known as not made after five minutes", async () => {
  for (const isMade of [true, false]) {
    await using stage = await hollow({ vastai: { script: scripted({ create: { 1: { hang: true } } }) } });
    const killed = await stage.open();
    const ending = killed.rent().catch(() => undefined);
    await until(() => stage.present().length > 0 || null);
    if (!isMade) { for (const machine of stage.present()) await stage.cloud().cloud.destroy(machine); }
    await using run = await stage.open();
    equal(run.fleet.records()[0]?.state, "intent");
    await run.reaper.pass();
    equal(run.fleet.records()[0]?.state, isMade ? "gone" : "intent");
    stage.clock.jump(300);
    await run.reaper.pass();
    equal(run.fleet.records()[0]?.state, isMade ? "gone" : "not_created");
    deepEqual(stage.present(), []);
    stage.clock.giveUp();
    await ending;
    await killed[Symbol.asyncDispose]();
  }
});

Deno.test("a machine whose create is still on its way is not touched by the reaper of the same run", async () => {
  await using stage = await hollow({ vastai: { script: scripted({ create: { 1: { hang: true } } }) } });
  await using run = await stage.open();
  const renting = run.rent();
  await until(() => stage.present().length > 0 || null);
  await run.reaper.pass();
  stage.clock.jump(GRACE_SECONDS);
  await run.reaper.pass();
  stage.clock.giveUp();
  equal((await renting).provider_id, stage.present()[0]?.id);
});

Deno.test("a provider whose list fails, or a machine that cannot be asked for, keeps nothing else alive", async () => {
  const faults = scripted({ get: { 0: OOPS } });
  await using stage = await hollow({
    vastai: { script: faults },
    runpod: { script: scripted({ list: { 0: OOPS } }) },
    tensordock: {},
    lambda: {},
  });
  await using run = await stage.open();
  for (const name of CLOUDS) await run.rent({ name, hours: 1 });
  await stage.stray({}, "tensordock");
  const vanished = stage.cloud("vastai").cloud.present();
  for (const machine of vanished) await stage.cloud("vastai").cloud.destroy(machine);
  stage.clock.jump(2 * 3600);
  deepEqual([...(await run.reaper.pass()).failed.keys()], ["runpod"]);
  const states = run.fleet.records().map(({ offer, state }) => [offer.provider, state]);
  deepEqual(Object.fromEntries(states), {
    vastai: "destroying",
    tensordock: "gone",
    runpod: "requested",
    lambda: "gone",
  });
  deepEqual(stage.present().length, 1);
});
