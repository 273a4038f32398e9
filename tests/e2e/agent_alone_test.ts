// The agent as one file, on a machine that has nothing but Deno.
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { join } from "node:path";
import { fakeOllama } from "../fakes/ollama.ts";
import { deafUrl, temporaryRoot } from "../fixtures.ts";
import { cli } from "./cli.ts";

async function alone(env: Record<string, string>) {
  await using root = await temporaryRoot();
  const bundled = await cli("agent", join(root.paths.root, "agent.js"));
  deepEqual([bundled.code, bundled.out], [0, `${join(root.paths.root, "agent.js")}\n`]);
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "agent.js"],
    cwd: root.paths.root,
    env: { NO_COLOR: "1", ...env },
  }).output();
  const folders = (await Array.fromAsync(Deno.readDir(root.paths.root))).filter((item) =>
    item.isDirectory && item.name !== "data"
  );
  const files = folders.length === 0
    ? []
    : (await Array.fromAsync(Deno.readDir(join(root.paths.root, folders[0]?.name ?? "")))).map((item) =>
      item.name
    );
  return { code, err: new TextDecoder().decode(stderr), folders: folders.map((item) => item.name), files };
}

Deno.test("the bundle measures by itself and leaves a directory that imports", async () => {
  await using ollama = fakeOllama(["qwen2:7b"]);
  const { code, err, folders, files } = await alone({ MODEL: "qwen2:7b", URL: ollama.url, DURATION: "0.2" });
  equal(code, 0, err);
  match(folders[0] ?? "", /^bench_\d{8}_\d{6}$/);
  deepEqual(files.sort(), ["agent.log", "chunks.jsonl", "metadata.json", "results.jsonl"]);
  match(err, /concurrency 1 .* requests {2}0 errors .* tokens\/s\nevidence in bench_/);
});

Deno.test("the bundle says what it needs when its settings are wrong, with exit code 2", async () => {
  const { code, err } = await alone({});
  equal(code, 2);
  match(
    err,
    /^Cannot start the agent: MODEL: .* For example: MODEL=qwen2:7b DURATION=5m deno run -A agent\.js \(--help lists all settings\)\n$/,
  );
});

Deno.test("the bundle gives up on an engine that is not there, with exit code 1 and its reason", async () => {
  const { code, err, files } = await alone({ MODEL: "m", URL: deafUrl(), DURATION: "5" });
  equal(code, 1);
  match(
    err,
    /^Cannot measure m: the engine failed 5 times in a row: .*\nSee that the engine answers at http:/,
  );
  ok(files.includes("results.jsonl"));
});
