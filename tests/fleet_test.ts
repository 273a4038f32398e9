// The machines of a run, one by one: no create is sent twice, no end is believed before it is proven, nothing is forgotten.
import { deepEqual, equal, fail, match, ok, rejects, throws } from "node:assert/strict";
import { join } from "node:path";
import { labelOf, readLabel } from "../pipeline/fleet/label.ts";
import { readCatalog } from "../pipeline/lib/catalog.ts";
import { provision } from "../pipeline/stages/provision.ts";
import type { StageContext } from "../pipeline/stages/context.ts";
import { type Fault, type Script, scripted } from "./cloud/server.ts";
import type { Stock } from "./cloud/cloud.ts";
import { stockOf } from "./cloud/stock.ts";
import { AUTH_ERROR, told } from "./cloud/vastai.ts";
import { never, withCode } from "./contract/rented.ts";
import { CLOUDS, type Hollow, hollow, type HollowRun, NONSENSE } from "./hollow.ts";
import { lease } from "./rented_fixtures.ts";

const OOPS: Fault = { reply: { status: 500, text: "oops" } };

for (const name of CLOUDS) {
  Deno.test(`a create at ${name} whose answer is lost has made one machine, which is found by its label and taken`, async () => {
    await using stage = await hollow({ [name]: { script: scripted({ create: { 1: { lost: "after" } } }) } });
    await using run = await stage.open();
    const record = await run.rent();
    equal(record.provider_id, stage.present()[0]?.id);
    ok(await run.fleet.giveBack(record.machine_id, "done", "", 120));
    deepEqual([stage.count("create"), stage.cloud().cloud.machines.size, stage.present().length], [1, 1, 0]);
    deepEqual(await run.events(), ["intent", "unknown", "requested", "destroying", "gone"]);
  });

  Deno.test(`a create at ${name} that never arrived is asked for once, looked for, and after five minutes known as not made`, async () => {
    await using stage = await hollow({ [name]: { script: scripted({ create: { 1: { lost: "before" } } }) } });
    await using run = await stage.open();
    const { clock } = stage;
    const before = clock.now();
    await rejects(run.rent(), withCode("create_unknown"));
    ok(clock.now() - before >= 60_000, "a minute is waited for before another is made");
    equal(run.fleet.live()[0]?.state, "create_unknown");
    deepEqual(await run.fleet.endAll("stopped", ""), []);
    ok(clock.now() - before > 300_000);
    deepEqual(await run.events(), ["intent", "unknown", "not_created"]);
    equal(stage.count("create"), 1);
  });

  Deno.test(`an end at ${name} that is answered with faults ten times is asked for until it is proven`, async () => {
    const faults = Object.fromEntries(Array.from({ length: 10 }, (_, n) => [n + 1, OOPS]));
    await using stage = await hollow({ [name]: { script: scripted({ destroy: faults }) } });
    await using run = await stage.open();
    const { machine_id } = await run.rent();
    ok(await run.fleet.giveBack(machine_id, "done", "", 120));
    deepEqual([stage.count("destroy"), stage.present()], [11, []]);
    deepEqual(await run.events(), ["intent", "requested", "destroying", "gone"]);
  });

  Deno.test(`a machine at ${name} that is gone already, so that its end is answered with 404, is proven gone`, async () => {
    await using stage = await hollow({ [name]: {} });
    await using run = await stage.open();
    const { machine_id } = await run.rent();
    for (const machine of stage.present()) await stage.cloud().cloud.destroy(machine);
    ok(await run.fleet.giveBack(machine_id, "done", "", 120));
    deepEqual(run.fleet.live(), []);
  });

  Deno.test(`a list at ${name} that says nothing proves no end and no create: the record and its id stay`, async () => {
    for (const reply of Object.values(NONSENSE)) {
      await using stage = await hollow({ [name]: { script: scripted({ list: { 0: { reply } } }) } });
      await using run = await stage.open();
      const { machine_id, provider_id } = await run.rent();
      equal(await run.fleet.giveBack(machine_id, "done", "", 60), false);
      const record = run.fleet.record(machine_id);
      deepEqual([record.state, record.provider_id], ["destroying", provider_id]);
    }
  });
}

Deno.test("a lost create is not called unmade by lists that say nothing, however long", async () => {
  const lists = { list: { 0: { reply: { text: "" } } }, create: { 1: { lost: "after" } } } as const;
  await using stage = await hollow({ vastai: { script: scripted(lists) } });
  await using run = await stage.open();
  await rejects(run.rent(), withCode("create_unknown"));
  const [left] = await run.fleet.endAll("stopped", "");
  equal(left?.state, "create_unknown");
  match(stage.said.join("\n"), /waiting for the proof that it was never made/);
});

Deno.test("a create that says no and makes a machine all the same (success: false with new_contract) ends with its destruction", async () => {
  const reply = { json: { success: false, error: "bid_too_low", new_contract: 29410501 } };
  await using stage = await hollow({
    vastai: { script: scripted({ create: { 1: { reply, after: true } } }) },
  });
  await using run = await stage.open();
  await rejects(run.rent(), withCode("create_half_done"));
  deepEqual([stage.present(), stage.count("create"), stage.count("destroy")], [[], 1, 1]);
  equal(run.fleet.records()[0]?.end?.code, "create_half_done");
});

Deno.test("a create that is answered with 200 and a status of 400 in it (TensorDock) leaves no machine in the books", async () => {
  const reply = { json: { status: 400, error: "No available nodes found" } };
  await using stage = await hollow({ tensordock: { script: scripted({ create: { 1: { reply } } }) } });
  await using run = await stage.open();
  await rejects(run.rent(), withCode("offer_gone"));
  deepEqual([await run.events(), run.fleet.live(), stage.count("create")], [
    ["intent", "not_created"],
    [],
    1,
  ]);
});

Deno.test("a key that is refused with 404 (auth_error) makes no machine gone", async () => {
  let isRefused = false;
  await using stage = await hollow({
    vastai: { script: () => isRefused ? { reply: AUTH_ERROR } : undefined },
  });
  await using run = await stage.open();
  const { machine_id } = await run.rent();
  isRefused = true;
  await run.fleet.requireRunning(machine_id, never);
  equal(await run.fleet.giveBack(machine_id, "done", "", 300), false);
  equal(run.fleet.record(machine_id).state, "destroying");
  isRefused = false;
  deepEqual(await run.fleet.endAll("stopped", ""), []);
  deepEqual(stage.present(), []);
});

Deno.test("an end that is answered with yes while the list shows the machine for 90 s more is asked for again until then", async () => {
  const script: Script = (verb, n) => {
    if (verb === "destroy" && n === 1) until = stage.clock.after(90);
    const [machine] = stage.cloud().cloud.machines.values();
    if (verb !== "list" || machine === undefined || stage.clock.now() > until) return undefined;
    return { reply: { json: { success: true, total_instances: 1, instances: [told(machine)] } } };
  };
  let until = 0;
  await using stage = await hollow({ vastai: { script } });
  await using run = await stage.open();
  const { machine_id } = await run.rent();
  ok(await run.fleet.giveBack(machine_id, "done", "", 120));
  ok(stage.clock.now() > until && stage.count("destroy") > 2);
});

Deno.test("a machine that cannot be ended is told to the user after ten tries, and is never given up", async () => {
  await using stage = await hollow({ vastai: { script: scripted({ destroy: { 0: OOPS } }) } });
  await using run = await stage.open();
  const { machine_id } = await run.rent();
  equal(await run.fleet.giveBack(machine_id, "done", "", 3600), false);
  equal(
    stage.said.filter((text) => text.includes("still not gone after 10 tries: look at Vast.ai")).length,
    1,
  );
  equal((await run.fleet.endAll("stopped", ""))[0]?.machine_id, machine_id);
  match(stage.said.at(-1) ?? "", /oops/);
});

Deno.test("machines that share a label, of which the books know one, are all ended with it", async () => {
  await using stage = await hollow();
  await using run = await stage.open();
  const { machine_id, label } = await run.rent();
  await stage.stray({ whole: label });
  equal(stage.present().length, 2);
  ok(await run.fleet.giveBack(machine_id, "done", "", 120));
  deepEqual(stage.present(), []);
});

Deno.test("a full disk keeps no machine alive, and its end is written down once there is room", async () => {
  await using stage = await hollow();
  await using run = await stage.open();
  const { machine_id } = await run.rent();
  const { writeSync } = Deno.FsFile.prototype;
  Deno.FsFile.prototype.writeSync = function (bytes) {
    writeSync.call(this, bytes.subarray(0, 9));
    throw new Error("No space left on device");
  };
  try {
    equal(await run.fleet.giveBack(machine_id, "done", "", 60), false);
  } finally {
    Deno.FsFile.prototype.writeSync = writeSync;
  }
  deepEqual([stage.present(), run.fleet.live().length], [[], 1]);
  deepEqual(await run.fleet.endAll("stopped", ""), []);
  deepEqual(await run.events(), ["intent", "requested", "destroying", "gone"]);
});

/** What provisioning needs of a run that is stopped by `signal`. */
async function contextOf(
  { paths, clock, said }: Hollow,
  { fleet, run_dir, run_id }: HollowRun,
  signal: AbortSignal,
) {
  const say = (text: string) => void said.push(text);
  return {
    paths,
    run_id,
    run_dir,
    clock,
    fleet,
    signal,
    log: { info: say, warn: say },
    catalog: await readCatalog(paths),
    memories: [],
  } as unknown as StageContext;
}

Deno.test("a stop while a create is on its way waits for its answer, and the machine is ended", async () => {
  const faults: readonly (Fault | undefined)[] = [undefined, { lost: "after" }, { ...OOPS, after: true }];
  for (const fault of faults) {
    const stop = new AbortController();
    const script: Script = (verb) => verb === "create" ? (stop.abort(), fault) : undefined;
    await using stage = await hollow({ vastai: { script, machines: () => ({ neverBoots: true }) } });
    await using run = await stage.open();
    await rejects(provision(lease("l"), await contextOf(stage, run, stop.signal)), /Stopped/);
    deepEqual(await run.fleet.endAll("stopped", ""), []);
    deepEqual([stage.present(), stage.count("create")], [[], 1]);
  }
});

Deno.test("a stop before a create was sent sends none, and the books say so", async () => {
  const stop = new AbortController();
  const script: Script = (verb, n) => {
    if (verb === "create" && n === 1) stop.abort();
    return verb === "create" ? { reply: { status: 429, text: "too frequent" } } : undefined;
  };
  await using stage = await hollow({ vastai: { script } });
  await using run = await stage.open();
  await rejects(run.rent({ signal: stop.signal }), /Stopped/);
  await rejects(run.rent({ signal: stop.signal }), /Stopped/);
  deepEqual([await run.events(), stage.count("create")], [["intent", "not_created"], 1]);
});

Deno.test("a lease whose create is still unknown takes another machine, never one without an id", async () => {
  await using stage = await hollow({ vastai: { script: scripted({ create: { 1: { lost: "before" } } }) } });
  await using run = await stage.open();
  const context = await contextOf(stage, run, never);
  await rejects(provision(lease("l"), context), withCode("create_unknown"));
  {
    await using leased = await provision(lease("l"), context);
    equal(run.fleet.record(leased.machine_id).state, "ready");
    deepEqual(run.fleet.live().map(({ state }) => state), ["create_unknown", "ready"]);
  }
  deepEqual(stage.present(), []);
  equal(
    stage.count("get", "vastai") > 0 && stage.cloud().asked.every(({ asked }) => !asked.path.includes("//")),
    true,
  );
});

Deno.test("a machine that is dead when it should start is destroyed, not just written down", async () => {
  for (const name of CLOUDS) {
    await using stage = await hollow({
      [name]: { machines: () => ({ bootError: "OCI runtime create failed" }) },
    });
    await using run = await stage.open();
    await rejects(
      provision(lease("l", { provider: name }), await contextOf(stage, run, never)),
      withCode("boot_failed"),
    );
    deepEqual([stage.present(), run.fleet.live(), stage.count("destroy")], [[], [], 1]);
  }
});

Deno.test("what an account keeps for a machine is forgotten with its end, and with a create that made nothing", async () => {
  await using stage = await hollow({ lambda: { script: scripted({ create: { 2: { lost: "before" } } }) } });
  await using run = await stage.open();
  const { machine_id } = await run.rent();
  await rejects(run.rent(), withCode("create_unknown"));
  const keys = async () => {
    const { url, cloud: { key } } = stage.cloud();
    const answer = await fetch(`${url}/ssh-keys`, { headers: { authorization: `Bearer ${key}` } });
    return (await answer.json()).data.length;
  };
  equal(await keys(), 2);
  ok(await run.fleet.giveBack(machine_id, "done", "", 120));
  equal(await keys(), 1);
  await run.fleet.endAll("stopped", "");
  equal(await keys(), 0);
});

Deno.test("what was charged is asked for and booked once, and a provider that does not say keeps none of the others from it", async () => {
  const script = scripted({ charges: { 1: { reply: { status: 400, text: "no" } } } });
  await using stage = await hollow({ vastai: { script }, runpod: {}, lambda: {} });
  await using run = await stage.open();
  for (const name of ["vastai", "runpod", "lambda"] as const) await run.rent({ name });
  await run.fleet.endAll("stopped", "");
  const booked = () => run.fleet.records().map(({ charged_usd }) => charged_usd !== null);
  await run.fleet.reconcileCharges();
  deepEqual(booked(), [false, true, false]);
  await run.fleet.reconcileCharges();
  deepEqual(booked(), [true, true, false]);
  await run.fleet.reconcileCharges();
  equal((await run.events()).filter((event) => event === "charged").length, 2);
});

Deno.test("a charge that cannot be is told, and those beside it are booked", async () => {
  const results: { source: string; amount: number }[] = [];
  const script = scripted({
    charges: { 0: { reply: { json: { success: true, results, next_token: null } } } },
  });
  await using stage = await hollow({ vastai: { script } });
  await using run = await stage.open();
  for (const amount of [-3, 0.25]) {
    const { provider_id } = await run.rent();
    results.push({ source: `instance-${provider_id}`, amount });
  }
  await run.fleet.endAll("stopped", "");
  await run.fleet.reconcileCharges();
  deepEqual(run.fleet.records().map(({ charged_usd }) => charged_usd), [null, 0.25]);
  match(stage.said.join("\n"), /! Cannot book what Vast\.ai charged for \S+-1: it tells \$-3$/m);
});

const NO_OFFERS: Readonly<Record<string, Partial<Stock>>> = {
  "reliability: it is 1.0001, it must be at most 1": { reliability: 1.0001 },
  "location: it is .*, it must not be longer than 200": { location: "x".repeat(300) },
  "location: it holds the character U\\+202E": { location: "Te\u202exas" },
};
for (const [fault, changes] of Object.entries(NO_OFFERS)) {
  Deno.test(`an offer with a fault is left out and told, and a dearer one is taken: ${fault}`, async () => {
    const stock = [
      stockOf("1", "RTX 4090", { price_per_hour: 0.3, ...changes }),
      stockOf("2", "RTX 4090", { price_per_hour: 0.5 }),
    ];
    await using stage = await hollow({ vastai: { stock } });
    await using run = await stage.open();
    equal((await run.rent()).offer.id, "2");
    match(stage.said.join("\n"), new RegExp(`! 1 of 2 offers of Vast\\.ai are left out: ${fault}`));
  });
}

Deno.test("a label is read as it was written, and one that could not be read again is refused", async () => {
  const label = {
    prefix: "ga-1a2b3c4d",
    machine_id: "20261124-100000-abcd-7",
    created: 1_795_478_400,
    deadline: 1_795_482_000,
  };
  equal(labelOf(label), "ga-1a2b3c4d-20261124-100000-abcd-7-1795478400-60");
  deepEqual(readLabel(labelOf(label)), label);
  for (
    const change of [{ prefix: "ga-1" }, { prefix: "" }, { machine_id: "My_Run-1" }, { created: 1 }, {
      machine_id: "r".repeat(40),
    }]
  ) {
    throws(() => labelOf({ ...label, ...change }), TypeError);
  }
  for (
    const text of [null, "", "my-machine", "ga-1a2b3c4d", "ga-1a2b3c4d-1795478400-60", `x${labelOf(label)}`]
  ) {
    equal(readLabel(text), null);
  }
  await using stage = await hollow();
  await using run = await stage.open("Renamed_Run");
  await rejects(run.rent(), TypeError);
  deepEqual([await Deno.readTextFile(join(run.run_dir, "machines.jsonl")), stage.count("create")], ["", 0]);
});

Deno.test("a machine whose end is proven twice at the same time is gone once, and its journal can be read", async () => {
  await using stage = await hollow();
  await using run = await stage.open();
  const record = await run.rent();
  await stage.cloud().cloud.destroy(stage.present()[0] ?? fail());
  const proven = await Promise.all([
    run.fleet.confirmGone(record, []),
    run.fleet.confirmGone(record, []),
    run.fleet.giveBack(record.machine_id, "done", "", 120),
  ]);
  deepEqual(proven, [true, true, true]);
  deepEqual((await run.events()).filter((event) => event === "gone"), ["gone"]);
});

Deno.test("a machine that ended while it was brought up is told as vanished, and no line says what cannot be", async () => {
  await using stage = await hollow();
  await using run = await stage.open();
  const { machine_id } = await run.rent();
  ok(await run.fleet.giveBack(machine_id, "done", "", 120));
  throws(() => run.fleet.work("nobody", "setup", []), /there is no machine nobody/);
  await rejects(run.fleet.bringUp(machine_id, never), withCode("machine_vanished"));
  deepEqual(await run.events(), ["intent", "requested", "destroying", "gone"]);
});

Deno.test("a key that could not be made for one machine is made for the next", async () => {
  await using stage = await hollow();
  await using run = await stage.open();
  const inTheWay = join(run.run_dir, "ssh");
  await Deno.writeTextFile(inTheWay, "");
  await rejects(run.rent(), Deno.errors.AlreadyExists);
  await Deno.remove(inTheWay);
  await run.rent();
  equal(stage.present().length, 1);
});
