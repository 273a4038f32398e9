// What our own programs may do: each task and each child as little as it works with, and what stays open with its reason.
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { join } from "node:path";
import { bundleAgent } from "../pipeline/lib/bundle.ts";
import { type Also, childVariables } from "../pipeline/lib/child.ts";
import { agentFlags, allow } from "../pipeline/lib/deno_flags.ts";
import { pathsOf } from "../pipeline/paths.ts";
import { providers } from "../pipeline/providers/mod.ts";
import { ENGINE_VARIABLES } from "../pipeline/schema/engine_variable.ts";
import { cli, flagsOf, tasks } from "./e2e/cli.ts";
import { nvidiaSmiScript } from "./fakes/nvidia_smi.ts";
import { fakeServer } from "./fakes/server.ts";
import { directory, jsonl, metadata, plainLine, temporaryRoot } from "./fixtures.ts";

const { repository } = pathsOf();
const contributing = await Deno.readTextFile(join(repository, "CONTRIBUTING.md"));
const KEYS = Object.values(providers).flatMap(({ key_variable }) => key_variable ?? []);
const COLORS = ["NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE"];

/** Tasks that run a program, each program with its flags. */
const runs = Object.entries(tasks).flatMap(([task, { command }]) =>
  command.split(" && ").filter((each) => each.startsWith("deno run ")).map((each) => ({
    task,
    command: each,
  }))
);
const commands = runs.filter(({ command }) => command.includes(" pipeline/main.ts ")).map(({ task }) => task);

/** The row of CONTRIBUTING's table that says why `flag` is not narrower, for these tasks. */
function reasonOf(flag: string, task: string): string | undefined {
  return contributing.split("\n").find((line) => {
    const [, flags = "", names = "", reason = ""] = line.split("|").map((cell) => cell.trim());
    return flags.includes(`\`${flag}\``) && names.includes(`\`${task}\``) && reason.length > 20;
  });
}

for (const { task, command } of runs) {
  Deno.test(`task ${task} asks nobody, and what it opens wholly has its reason in CONTRIBUTING`, () => {
    ok(command.includes(" --no-prompt "), "it would wait for an answer on a terminal");
    const open = [...command.matchAll(/(?<= )(-A|--allow-\w+)(?= )/g)].map(([flag]) => flag);
    for (const flag of open) ok(reasonOf(flag, task), `${flag} of ${task} has no reason`);
  });
}

Deno.test("a task prints what its program says, and nothing of the packages that a first start fetches", async () => {
  const { nodeModulesDir } = JSON.parse(await Deno.readTextFile(join(repository, "deno.json")));
  equal(nodeModulesDir, "manual", "by itself `deno task` fetches them aloud");
  for (const { task, command } of runs) {
    match(command, /^deno run --quiet --node-modules-dir=auto /, task);
  }
});

for (const command of commands) {
  Deno.test(`${command} tells its options under what its task allows, and refuses others in a sentence`, async () => {
    const help = await cli(command, "--help");
    deepEqual([help.code, help.err], [0, ""]);
    match(help.out, /^Usage: almanac /);
    const wrong = await cli(command, "--nosuch");
    equal(wrong.code, 2, wrong.err);
    match(wrong.err, /^Cannot run \S+: /);
  });
}

/** The variables that a task may read. */
function variablesOf(task: string): string[] {
  return flagsOf(task).flatMap((flag) => /^--allow-env=(.*)$/.exec(flag)?.[1]?.split(",") ?? []);
}

Deno.test("only tasks that ask clouds may read their keys, and they may read all of them", () => {
  for (const task of commands) {
    if (flagsOf(task).includes("-A")) continue;
    const keys = variablesOf(task).filter((name) => name.endsWith("_API_KEY"));
    const asks = ["run-matrix", "plan", "sweep"].includes(task);
    deepEqual(new Set(keys), new Set(asks ? KEYS : []), task);
    const secrets = variablesOf(task).filter((name) => /TOKEN|SECRET|PASSWORD/.test(name));
    const known: Record<string, string[]> = {
      serve: ["ALMANAC_SUBMIT_TOKEN"],
      "run-matrix": ["HF_TOKEN"],
      plan: ["HF_TOKEN"],
    };
    deepEqual(secrets, known[task] ?? [], task);
    for (const color of COLORS) ok(variablesOf(task).includes(color), `${task} ${color}`);
  }
});

Deno.test("tasks that rent, or say what would be rented, may read what a matrix can hand to engines", () => {
  for (const task of ["run-matrix", "plan"]) {
    const allowed = new Set(variablesOf(task));
    deepEqual(ENGINE_VARIABLES.filter((name) => !allowed.has(name)), [], task);
  }
});

for (
  const [task, also] of [
    ["run-matrix", ["fetches", "devices", "agent"]],
    ["plan", ["fetches"]],
    ["sweep", ["agent"]],
    ["agent", ["fetches"]],
    ["calibrate", ["fetches"]],
  ] as [string, Also[]][]
) {
  Deno.test(`what ${task} starts can be told every variable that it is meant to be told`, () => {
    const may = variablesOf(task);
    const missing = childVariables(also).filter((name) =>
      !may.some((each) => each.endsWith("*") ? name.startsWith(each.slice(0, -1)) : name === each)
    );
    deepEqual(missing, []);
  });
}

Deno.test("what asks the user's own engines may read the key of an endpoint, and where Ollama listens", () => {
  for (const task of ["run-matrix", "plan"]) {
    for (const name of ["API_KEY", "OLLAMA_HOST"]) ok(variablesOf(task).includes(name), `${task} ${name}`);
  }
});

Deno.test("values that repeat are told once, and a path with a comma, which Deno cannot be told, opens its kind", () => {
  deepEqual(allow({ read: ["/a", "/c", "/c"], sys: ["cpus"] }), ["--allow-read=/a,/c", "--allow-sys=cpus"]);
  deepEqual(allow({ read: ["/a,b", "/c"], write: ["/c"] }), ["--allow-read", "--allow-write=/c"]);
});

Deno.test("the schema of matrices is written under what its task allows", async () => {
  const args = (tasks.schemas?.command ?? "").split(" ").slice(1);
  const { code, stderr } = await new Deno.Command(Deno.execPath(), { args, cwd: repository }).output();
  equal(code, 0, new TextDecoder().decode(stderr));
});

Deno.test("a calibration and a bundle are made under what their tasks allow", async () => {
  await using root = await temporaryRoot();
  const bundle = await cli("agent", join(root.paths.root, "agent.js"));
  equal(bundle.code, 0, bundle.err);
  const calibrated = await cli("calibrate", "--levels", "1", "--seconds", "0.2", "--output", "json");
  equal(calibrated.code, 0, calibrated.err);
  equal(JSON.parse(calibrated.out).levels.length, 1);
});

Deno.test("a directory is taken in under what its task allows", async () => {
  await using root = await temporaryRoot();
  const files = {
    "results.jsonl": jsonl([plainLine(0, 0, 50), plainLine(1, 3, 50)]),
    "metadata.json": metadata(),
  };
  const dir = await directory(root.paths.root, "bench", files);
  const { code, out, err } = await cli("import", dir, "--provider", "vastai", "--root", root.paths.root);
  equal(code, 0, err);
  match(out, /1 imported/);
});

/** Of which tokens a speed is told, and whether one is, follows from when they came. */
const OF_TIMES = ["decode_tok", "tps"];

/** What an agent leaves with these flags, but for times and random numbers. */
async function left(agent: string, flags: (folder: string, env: Record<string, string>) => string[]) {
  const root = await Deno.makeTempDir();
  try {
    const [bin, folder, state] = [join(root, "bin"), join(root, "work"), join(root, "state")];
    for (const each of [bin, folder, state]) await Deno.mkdir(each);
    const smi = nvidiaSmiScript({ cards: [{}], interval_s: 0.05 }, state);
    await Deno.writeTextFile(join(bin, "nvidia-smi"), `#!/bin/sh\n${smi}\n`, { mode: 0o755 });
    await Deno.copyFile(agent, join(folder, "agent.js"));
    await using server = fakeServer("vllm", ["m"]);
    const url = server.url.replace("127.0.0.1", "localhost");
    const env = {
      MODEL: "m",
      ENGINE: "vllm",
      URL: url,
      DURATION: "0.2",
      WARMUP: "0",
      SHARDS: "2",
      CALIBRATE: "1",
      CALIBRATION: join(folder, "calibration.json"),
      METRICS_URL: `${url}/metrics`,
      METRICS_NAMES: JSON.stringify({
        running: ["vllm:num_requests_running"],
        waiting: [],
        generation_tokens: [],
        prompt_tokens: [],
        kv_usage: [],
      }),
      OUT: join(folder, "out"),
    };
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-config", ...flags(folder, env), join(folder, "agent.js")],
      // Where it is set, Deno lets nobody start a program who may start only some.
      env: { ...env, PATH: `${bin}:${Deno.env.get("PATH")}`, LD_LIBRARY_PATH: "/nowhere" },
    }).output();
    equal(code, 0, new TextDecoder().decode(stderr));
    const out = join(folder, "out");
    const metadata = JSON.parse(await Deno.readTextFile(join(out, "metadata.json")));
    const lines = (await Deno.readTextFile(join(out, "results.jsonl"))).trimEnd().split("\n");
    return {
      files: (await Array.fromAsync(Deno.readDir(out))).map(({ name }) => name).sort(),
      host_id: metadata.host_id,
      hostname: metadata.hostname,
      hardware: metadata.hardware,
      model: metadata.model,
      telemetry: metadata.telemetry,
      keys: [...new Set(lines.flatMap((line) => Object.keys(JSON.parse(line))))]
        .filter((key) => !OF_TIMES.includes(key)).sort(),
      log: (await Deno.readTextFile(join(out, "agent.log"))).replaceAll(/^\S+ |:\d+/gm, ""),
    };
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

Deno.test("an agent with the flags of a run leaves what one that may do everything leaves", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const agent = join(folder, "agent.js");
    await bundleAgent(pathsOf(), agent);
    const all = await left(agent, () => ["-A"]);
    equal(all.telemetry.program, "nvidia-smi");
    ok(all.files.includes("calibration.json") && all.files.includes("server.jsonl"), all.files.join());
    deepEqual(await left(agent, (folder, env) => agentFlags({ folder, env })), all);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("an agent with the flags of a run writes nowhere else, sees no key of a cloud, and sees which home it leaves out of its words", () => {
  const env = { MODEL: "m", URL: "http://[::1]:8000/v1", OUT: "/w/out" };
  const flags = agentFlags({ folder: "/w", env });
  ok(!flags.some((flag) => /^(-A|--allow-(net|read|write|env|sys))$/.test(flag)));
  ok(flags.includes("--allow-write=/w") && flags.includes("--allow-net=[::1],127.0.0.1"));
  for (const key of KEYS) ok(!flags.join().includes(key));
  match(flags.join(" "), /--allow-env=\S*HOME,USERPROFILE/);
});
