// sweep: what it finds with the journals of a root and without any, what it ends, and what it leaves alone.
import { deepEqual, equal, fail, match, ok, rejects } from "node:assert/strict";
import { join } from "node:path";
import { sweepCommand } from "../pipeline/commands/sweep.ts";
import { UserError } from "../pipeline/errors.ts";
import { exists } from "../pipeline/lib/files.ts";
import { lockRoot } from "../pipeline/lib/lock.ts";
import { readRun } from "../pipeline/run/journal.ts";
import type { Sweep } from "../pipeline/run/sweep.ts";
import { deploymentOf } from "../pipeline/run/world.ts";
import { type Fault, type Script, scripted } from "./cloud/server.ts";
import { CLOUDS, type Hollow, hollow, RUN } from "./hollow.ts";
import { offer, rentedEntry } from "./rented_fixtures.ts";
import { cli } from "./e2e/cli.ts";
import { temporaryRoot } from "./fixtures.ts";

const QUIET = { width: Infinity, print: () => undefined, printJson: () => undefined, clear: () => undefined };

const OOPS: Fault = { reply: { status: 500, text: "oops" } };
const ALL = { vastai: {}, tensordock: {}, runpod: {}, lambda: {} };

function inWords({ machines }: Sweep): string[] {
  return machines.map(({ provider, judgement, destroyed }) =>
    `${provider} ${destroyed ? "destroyed" : judgement}`
  )
    .sort();
}

/** A run that was killed with a machine at each provider. */
async function killedRun(
  stage: Hollow,
  clouds: readonly (typeof CLOUDS)[number][],
  run_id = RUN,
): Promise<void> {
  const run = await stage.open(run_id);
  run.journal.append({
    event: "run",
    run_id,
    matrix: "m.json",
    entries: [rentedEntry("e")],
    simulated: true,
  });
  for (const name of clouds) await run.rent({ name });
  await run[Symbol.asyncDispose]();
}

Deno.test("sweep alone says what is there and touches nothing", async () => {
  await using stage = await hollow(ALL);
  await killedRun(stage, ["vastai"]);
  await stage.stray({}, "runpod");
  await stage.stray({ seconds: 60 }, "lambda");
  await stage.stray({ prefix: "ga-ffffffff" }, "tensordock");
  const asked = CLOUDS.map((name) => stage.cloud(name).asked.length);
  const result = await stage.sweep();
  deepEqual(inWords(result), [
    "lambda young",
    "runpod orphan",
    "tensordock other deployment",
    "vastai unwanted",
  ]);
  equal(result.leftovers.length, 1);
  CLOUDS.forEach((name, n) =>
    deepEqual(stage.cloud(name).asked.slice(asked[n]).map(({ verb }) => verb), ["list"])
  );
});

Deno.test("sweep --destroy closes a run that was killed: its machines are ended, its charges booked, its entries failed, its key removed", async () => {
  await using stage = await hollow(ALL);
  await killedRun(stage, CLOUDS);
  const run_dir = join(stage.paths.runs, RUN);
  ok(await exists(join(run_dir, "ssh")));
  const result = await stage.sweep({ destroy: true });
  deepEqual([result.leftovers, stage.present()], [[], []]);
  const { rows, machines } = await readRun(run_dir, fail);
  deepEqual(rows.map(({ status }) => status), ["failed"]);
  equal(machines.filter(({ event }) => event === "gone").length, 4);
  equal(machines.filter(({ event }) => event === "charged").length, 2);
  ok(!await exists(join(run_dir, "ssh")));
  deepEqual(inWords(await stage.sweep({ destroy: true })), []);
});

Deno.test("sweep --destroy ends orphans that are old enough, and leaves young ones and other deployments alone", async () => {
  await using stage = await hollow({ vastai: {} });
  await stage.stray({});
  await stage.stray({ seconds: 60 });
  await stage.stray({ prefix: "ga-ffffffff" });
  await stage.stray({ whole: "mine" });
  deepEqual(inWords(await stage.sweep({ destroy: true })), [
    "vastai destroyed",
    "vastai other deployment",
    "vastai young",
  ]);
  equal(stage.present().length, 3);
});

Deno.test("sweep without any journal ends all machines of a deployment by its name alone, with their keys, and none of another", async () => {
  await using stage = await hollow(ALL);
  await killedRun(stage, CLOUDS);
  for (const name of CLOUDS) await stage.stray({ prefix: "ga-ffffffff" }, name);
  await Deno.remove(stage.paths.runs, { recursive: true });
  const result = await stage.sweep({ destroy: true, deployment: stage.prefix });
  equal(inWords(result).filter((text) => text.endsWith("destroyed")).length, 4);
  deepEqual(stage.present().map(({ label }) => label.slice(0, 11)), Array(4).fill("ga-ffffffff"));
  equal(stage.cloud("lambda").asked.filter(({ asked }) => asked.method === "DELETE").length, 1);
  deepEqual(
    inWords(await stage.sweep({ deployment: "ga-00000000" })),
    CLOUDS.map((name) => `${name} other deployment`).sort(),
  );
});

Deno.test("sweep while a run is at work calls its machines wanted and touches nothing of it, and --destroy is refused", async () => {
  await using stage = await hollow();
  await using run = await stage.open();
  await run.rent();
  const asked = stage.cloud().asked.length;
  deepEqual(inWords(await stage.sweep({ isRunning: true })), ["vastai wanted"]);
  deepEqual(stage.cloud().asked.slice(asked).map(({ verb }) => verb), ["list"]);
  using _lock = await lockRoot(stage.paths.root);
  const { log } = stage.opening;
  const shell = { paths: stage.paths, log, ...QUIET };
  await rejects(
    sweepCommand({ destroy: true }, shell as unknown as Parameters<typeof sweepCommand>[1]),
    UserError,
  );
  equal(stage.present().length, 1);
});

Deno.test("sweep of what is no deployment is refused, an empty name most of all", async () => {
  await using stage = await hollow();
  const shell = { paths: stage.paths, log: stage.opening.log, ...QUIET };
  for (const deployment of ["", "ga-", "ga-1a2b3c4", "mine", ".*"]) {
    await rejects(
      sweepCommand({ destroy: true, deployment }, shell as unknown as Parameters<typeof sweepCommand>[1]),
      (error) => error instanceof UserError && error.exitCode === 2,
    );
  }
});

Deno.test("a provider whose list fails is told, and the machines of the others are ended", async () => {
  await using stage = await hollow({ ...ALL, vastai: { script: scripted({ list: { 0: OOPS } }) } });
  for (const name of CLOUDS) await stage.stray({}, name);
  const result = await stage.sweep({ destroy: true });
  match(result.failed.get("vastai") ?? "", /Cannot list the machines at Vast\.ai: it answered 500/);
  deepEqual(inWords(result), ["lambda destroyed", "runpod destroyed", "tensordock destroyed"]);
  equal(stage.present().length, 1);
});

Deno.test("a machine that cannot be ended is left over by its label, and the next sweep ends it", async () => {
  let isBroken = true;
  const script: Script = (verb) => isBroken && verb === "destroy" ? OOPS : undefined;
  await using stage = await hollow({ vastai: { script }, runpod: {} });
  await killedRun(stage, ["vastai", "runpod"]);
  const first = await stage.sweep({ destroy: true });
  deepEqual(first.leftovers.map(({ label, state }) => [label, state]), [[
    stage.present()[0]?.label,
    "destroying",
  ]]);
  deepEqual(inWords(first), ["runpod destroyed", "vastai unwanted"]);
  ok(await exists(join(stage.paths.runs, RUN, "ssh")), "its key is kept as long as it may exist");
  isBroken = false;
  deepEqual([(await stage.sweep({ destroy: true })).leftovers, stage.present()], [[], []]);
});

Deno.test("a journal that is damaged is told, and keeps neither its machines alive nor those of other runs", async () => {
  for (const damaged of ["journal.jsonl", "machines.jsonl"]) {
    await using stage = await hollow();
    await killedRun(stage, ["vastai"], "20261124-090000-aaaa");
    await killedRun(stage, ["vastai"], "20261124-100000-bbbb");
    const path = join(stage.paths.runs, "20261124-090000-aaaa", damaged);
    await Deno.writeTextFile(path, `{"event":"dance"}\n${await Deno.readTextFile(path)}`);
    stage.clock.jump(3600);
    const result = await stage.sweep({ destroy: true });
    deepEqual(inWords(result), ["vastai destroyed", "vastai destroyed"]);
    deepEqual([stage.present(), result.leftovers], [[], []]);
    match(stage.said.join("\n"), new RegExp(`aaaa/${damaged}:1 left out: it is not a journal line`));
  }
});

Deno.test("a machine at a provider that was not asked is named, and sweep does not call that clean", async () => {
  await using root = await temporaryRoot();
  const { root: at, runs } = root.paths;
  const run = join(runs, RUN);
  await Deno.mkdir(run, { recursive: true });
  const label = `ga-1a2b3c4d-${RUN}-1-1795478400-60`;
  const intent = {
    ...{ event: "intent", at: "2026-11-24T10:00:00.000Z", machine_id: `${RUN}-1`, lease_id: "l", label },
    offer: offer({ provider: "tensordock" }),
    ...{ deadline: "2026-11-24T11:00:00.000Z", entries: [], simulated: false, billing_step_seconds: 1 },
  };
  await Deno.writeTextFile(join(run, "machines.jsonl"), `${JSON.stringify(intent)}\n`);
  const hosts = { hosts: [{ name: "tower", host: "127.0.0.1", port: 1 }] };
  await Deno.writeTextFile(join(runs, "hosts.json"), JSON.stringify(hosts));
  const { code, out } = await cli("sweep", "--root", at);
  equal(code, 1, out);
  match(out, new RegExp(`^not proven gone: ${label} at TensorDock$`, "m"));
  match(out, /could not be read: Cannot connect to 127\.0\.0\.1/);
});

Deno.test("a deployment whose name is damaged is refused before anything is rented or swept", async () => {
  await using stage = await hollow();
  for (const damaged of ["ga-1a2b3c4", "x", "ga-1a2b3c4d\nga-ffffffff"]) {
    await Deno.writeTextFile(join(stage.paths.runs, ".deployment"), damaged);
    await rejects(deploymentOf(stage.paths), (error) => error instanceof UserError && error.exitCode === 2);
  }
});

Deno.test("a deployment keeps its name, and one whose name cannot be read gets no other", async () => {
  await using stage = await hollow();
  equal(await deploymentOf(stage.paths), stage.prefix);
  const path = join(stage.paths.runs, ".deployment");
  const { readTextFile } = Deno;
  Deno.readTextFile = (name) =>
    name === path ? Promise.reject(new Deno.errors.PermissionDenied("no")) : readTextFile(name);
  try {
    await rejects(deploymentOf(stage.paths), Deno.errors.PermissionDenied);
    await rejects(stage.sweep({ destroy: true }), Deno.errors.PermissionDenied);
  } finally {
    Deno.readTextFile = readTextFile;
  }
  equal(await deploymentOf(stage.paths), stage.prefix);
});

Deno.test("sweep without any account is refused with the variables to set: it knows nothing of what runs", async () => {
  await using root = await temporaryRoot();
  for (const options of [[], ["--destroy"]]) {
    const { code, out, err } = await cli("sweep", ...options, "--root", root.paths.root);
    deepEqual([code, out], [2, ""]);
    match(
      err,
      /^Cannot sweep: no account was asked, since no key is set\nSet VASTAI_API_KEY, .*LAMBDA_API_KEY/,
    );
  }
});
