// This computer as a machine: what is started here ends with whoever started it, however that ends.
import { equal, match, rejects } from "node:assert/strict";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { StoppedError } from "../pipeline/errors.ts";
import { exists } from "../pipeline/lib/files.ts";
import { eachLine } from "../pipeline/lib/hear_child.ts";
import { realClock } from "../pipeline/lib/clock.ts";
import { here } from "../pipeline/machines/here.ts";
import { withCode } from "./contract/rented.ts";
import { fakeOllama } from "./fakes/ollama.ts";
import { fakeOpenai } from "./fakes/openai.ts";
import { temporaryRoot } from "./fixtures.ts";
import { until } from "./until.ts";

const repository = dirname(dirname(fileURLToPath(import.meta.url)));

Deno.test("a job of a controller that is killed hears of it", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const script = "touch began; cat; if [ -e killed ]; then touch heard; else touch early; fi";
    const job = { command: ["sh", "-c", `cd '${folder}'; ${script}`], name: "job", env: {}, ended: "again" };
    const there = async (name: string) => await exists(join(folder, name)) || null;
    const program = `import { realClock } from "./pipeline/lib/clock.ts";
      import { here } from "./pipeline/machines/here.ts";
      const machine = await here(${JSON.stringify(folder)}, realClock(), new AbortController().signal);
      await machine.launch(${JSON.stringify(job)});
      setInterval(() => undefined, 1000);`;
    const controller = new Deno.Command(Deno.execPath(), {
      args: ["eval", program],
      cwd: repository,
    }).spawn();
    await until(() => there("began"));
    await Deno.writeTextFile(join(folder, "killed"), "");
    controller.kill("SIGKILL");
    await controller.status;
    await until(() => there("heard"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("an agent that is told so stops with its stdin, and keeps what it measured", async () => {
  const out = await Deno.makeTempDir();
  try {
    await using ollama = fakeOllama(["m:1b"]);
    const env = { MODEL: "m:1b", URL: ollama.url, DURATION: "600", WARMUP: "0", OUT: out };
    const agent = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", join(repository, "pipeline", "agent", "main.ts")],
      env: { ...env, ENDS_WITH_STDIN: "1" },
      stdin: "piped",
      stderr: "piped",
    }).spawn();
    const said = new Response(agent.stderr).text();
    const lines = () => Deno.readTextFile(join(out, "results.jsonl")).catch(() => "");
    await until(async () => (await lines()).includes("\n") || null);
    await agent.stdin.close();
    equal((await agent.status).code, 130, await said);
    match(await said, /evidence in /);
  } finally {
    await Deno.remove(out, { recursive: true });
  }
});

Deno.test("an endpoint that wants a key is asked for its models with the one in API_KEY", async () => {
  await using endpoint = fakeOpenai(["m:1b"], { key: "sk-1" });
  const program = `import { openai } from "./pipeline/engines/openai.ts";
    import { apiKey, withApiKey } from "./pipeline/lib/api_key.ts";
    import { engineWorld } from "./tests/fixtures.ts";
    const world = engineWorld([], { fetch: withApiKey(fetch, apiKey()) });
    const choice = { name: "openai", url: ${JSON.stringify(endpoint.url)} };
    console.log(await openai.installed(choice, world).then(String, (error) => error + " " + error.hint));`;
  const told = async (API_KEY: string) => {
    const command = { args: ["eval", program], cwd: repository, env: { API_KEY } };
    return new TextDecoder().decode((await new Deno.Command(Deno.execPath(), command).output()).stdout);
  };
  match(await told(""), /answered 401: Unauthorized Put the endpoint's key into .* API_KEY/);
  match(await told("sk-2"), /answered 401: Unauthorized It does not take the key in .* API_KEY/);
  equal(await told("sk-1"), "m:1b\n");
});

/** This computer, and what ends the time of its commands. */
async function limited() {
  const root = await temporaryRoot();
  const [late, stop] = [new AbortController(), new AbortController()];
  const clock = { ...realClock(), timeout: () => late.signal };
  const machine = await here(root.paths.root, clock, stop.signal);
  return { machine, late, stop, [Symbol.asyncDispose]: () => root[Symbol.asyncDispose]() };
}

/** Tells the id of a child that holds its output. */
const HANGS = ["sh", "-c", "sleep 60 & echo $!; wait"];

for (
  const [what, end, is] of [
    ["its time is over", "late", withCode("machine_hung")],
    ["the lease is stopped", "stop", StoppedError],
  ] as const
) {
  Deno.test(`a command of this computer ends with all that it started when ${what}`, async () => {
    await using limits = await limited();
    let child = "";
    const onStdout = (line: string) => {
      child = line;
      limits[end].abort();
    };
    await rejects(limits.machine.run(HANGS, { onStdout }), is);
    await until(async () => await isOver(child) || null);
  });
}

Deno.test("a second signal ends at once the commands that do not hear the first", async () => {
  const program = `import { stopOnSignals } from "./pipeline/commands/signals.ts";
    import { runCommand } from "./pipeline/lib/shell.ts";
    const stop = stopOnSignals(() => console.log("stopping"));
    const script = "trap '' TERM; echo $$; while :; do sleep 1; done";
    await runCommand(["sh", "-c", script], { signal: stop.signal, onStdout: console.log });`;
  const controller = new Deno.Command(Deno.execPath(), {
    args: ["eval", program],
    cwd: repository,
    stdout: "piped",
  }).spawn();
  const said: string[] = [];
  const reading = eachLine(controller.stdout, (line) => void said.push(line));
  const command = await until(() => said[0]);
  controller.kill("SIGTERM");
  await until(() => said[1]);
  controller.kill("SIGTERM");
  equal((await controller.status).code, 143);
  await until(async () => await isOver(command) || null);
  await reading;
});

Deno.test("a command of this computer that prints without an end is refused", async () => {
  await using limits = await limited();
  await rejects(limits.machine.run(["yes"], { bytes: 1000 }), withCode("hostile_output"));
});

/** Whether a process has ended; where nobody waits for it, it stays as a zombie. */
async function isOver(pid: string): Promise<boolean> {
  const state = await Deno.readTextFile(`/proc/${pid}/stat`).catch(() => ") Z");
  return state.includes(") Z");
}
