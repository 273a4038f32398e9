// Ctrl-C at a terminal reaches every process of ours; and what those processes are told of our environment.
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { childEnv } from "../../pipeline/lib/child.ts";
import { temporaryRoot } from "../fixtures.ts";
import { until } from "../until.ts";
import { fakeOllama } from "../fakes/ollama.ts";
import { cli, mainFile, matrixFile, RUN, start } from "./cli.ts";

const SECRETS = {
  VASTAI_API_KEY: "canary-vast-4711",
  RUNPOD_API_KEY: "canary-runpod-4711",
  LAMBDA_API_KEY: "canary-lambda-4711",
  TENSORDOCK_API_KEY: "canary-tensordock-4711",
  ALMANAC_SUBMIT_TOKEN: "canary-submit-4711",
  HF_TOKEN: "canary-hub-4711",
  AWS_SECRET_ACCESS_KEY: "canary-aws-4711",
  GITHUB_TOKEN: "canary-github-4711",
};

/** Processes that were told of this folder for temporary files, with their environment. */
function processesOf(tmp: string): { pid: number; env: string; command: string }[] {
  return [...Deno.readDirSync("/proc")].flatMap(({ name }) => {
    if (!/^\d+$/.test(name) || Number(name) === Deno.pid) return [];
    const env = read(`/proc/${name}/environ`);
    return env.includes(`TMPDIR=${tmp}\0`)
      ? [{ pid: Number(name), env, command: read(`/proc/${name}/cmdline`).replaceAll("\0", " ") }]
      : [];
  });
}

function read(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return "";
  }
}

Deno.test("Ctrl-C in the demo ends machines and simulated clouds in order: no process and no folder is left, and no child was told a key", async () => {
  await using root = await temporaryRoot();
  const tmp = await Deno.makeTempDir({ prefix: "interrupt-" });
  const child = new Deno.Command(Deno.execPath(), {
    args: [...RUN, mainFile, "run-matrix", "runs/demo.json", "--root", root.paths.root],
    env: { NO_COLOR: "1", TMPDIR: tmp, ...SECRETS },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    // A process group of its own, as a terminal gives it.
    detached: true,
  }).spawn();
  let said = "";
  const out = new Response(child.stdout).text();
  const reading = (async () => {
    for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) said += text;
  })();
  await until(() => /benchmark {2}/.test(said) || null);
  const children = processesOf(tmp).filter(({ pid }) => pid !== child.pid);
  ok(children.length > 3, "clouds, ssh and machines run");
  deepEqual(children.filter(({ env }) => /canary-\w+-4711/.test(env)).map(({ command }) => command), []);
  Deno.kill(-child.pid, "SIGINT");
  const { code } = await child.status;
  await Promise.all([reading, out]);
  equal(code, 130, said);
  match(said, /stopping: what was measured is being kept and machines are being ended/);
  ok(!/may still run|fault of the program/.test(said), said);
  deepEqual(processesOf(tmp).map(({ command }) => command), []);
  deepEqual((await Array.fromAsync(Deno.readDir(tmp))).map(({ name }) => name), []);
  await Deno.remove(tmp, { recursive: true });
});

Deno.test("a child is told where it is and what it may use, and nothing that it was not meant to have", () => {
  const own = childEnv();
  equal(own.PATH, Deno.env.get("PATH"));
  const all = Object.keys(childEnv(["fetches", "devices", "agent"]));
  deepEqual(all.filter((name) => /KEY|TOKEN|SECRET|PASSW|CREDENTIAL/i.test(name)), []);
});

Deno.test("Ctrl-C while data and site are built ends that at once, says what is so, and the next build has all that was measured", async () => {
  await using root = await temporaryRoot();
  await using ollama = fakeOllama();
  const matrix = await matrixFile(root.paths.root, {
    engines: [{ name: "ollama", url: ollama.url }],
    models: ["qwen2:7b"],
    workloads: [{ duration_seconds: 0.3, warmup_requests: 1, max_tokens: 16 }],
  });
  const run = start("run-matrix", matrix, "--root", root.paths.root);
  await run.said("building data and site");
  run.kill("SIGINT");
  const { code, err } = await run.ended;
  equal(code, 130, err);
  match(err, /stopping: all that was measured is kept, data and site stay as they were/);
  match(err, /build data and site with: deno task build --root /);
  ok(!/machines are being ended|fault of the program/.test(err), err);
  const built = await cli("build-data", "--root", root.paths.root);
  match(built.out, /^\d+ benchmarks in .* \(1 raw directories read/);
});
