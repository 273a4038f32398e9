// What a killed command leaves behind is cleared by the next; what a living one makes is left alone.
import { deepEqual, equal, rejects } from "node:assert/strict";
import { dirname, join } from "node:path";
import { buildData } from "../pipeline/build/mod.ts";
import { exists } from "../pipeline/lib/files.ts";
import { clearLeftovers } from "../pipeline/lib/leftovers.ts";
import { lockRoot } from "../pipeline/lib/lock.ts";
import { makeWhole } from "../pipeline/lib/temporary.ts";
import type { Paths } from "../pipeline/paths.ts";
import { jsonl, plainLine, sealed, temporaryRoot } from "./fixtures.ts";
import { until } from "./until.ts";

const HALF_MADE = [
  "runs/.deployment.4711.tmp",
  "runs/20260101-000000-dead/journal.jsonl.4711.tmp",
  "runs/20260101-000000-dead/agent.js.part",
  "runs/20260101-000000-dead/deno.gz.tmp",
  "runs/20260101-000000-dead/work/entry/metadata.json.part",
  "data/raw/20260101-000000-dead/.entry.partial/results.jsonl",
  "data/raw/20260101-000000-dead/.partial/results.jsonl",
  "data/raw/20260101-000000-dead/.bench_1.partial/provenance.json.4711.tmp",
];
/** The agent's own, whole ones, and those whose names only look like it. */
const KEPT = [
  "runs/mine.json",
  "runs/20260101-000000-dead/journal.jsonl",
  "runs/20260101-000000-dead/work/entry/metadata.json.tmp",
  "runs/20260101-000000-dead/work/entry/results.jsonl",
  "data/raw/20260101-000000-dead/entry.partial/results.jsonl",
  "data/raw/20260101-000000-dead/entry/results.part",
  "data/published/mine.tmp",
];

async function leave({ root }: Paths): Promise<void> {
  for (const path of [...HALF_MADE, ...KEPT]) {
    await Deno.mkdir(dirname(join(root, path)), { recursive: true });
    await Deno.writeTextFile(join(root, path), "x");
  }
}

async function there({ root }: Paths): Promise<string[]> {
  const found: string[] = [];
  for (const path of [...HALF_MADE, ...KEPT]) if (await exists(join(root, path))) found.push(path);
  return found;
}

Deno.test("after a killed holder the next one of the lock clears what it left half-made, and nothing else", async () => {
  await using root = await temporaryRoot();
  const { paths } = root;
  await leave(paths);
  await Deno.writeTextFile(join(paths.runs, ".lock"), "4711\n");
  using _lock = await lockRoot(paths.root);
  deepEqual(await there(paths), KEPT);
});

Deno.test("whoever does not get the lock clears nothing, and after an orderly end there is nothing to clear", async () => {
  await using root = await temporaryRoot();
  const { paths } = root;
  {
    using _lock = await lockRoot(paths.root);
    await leave(paths);
    await rejects(lockRoot(paths.root), /is at work there/);
    deepEqual(await there(paths), [...HALF_MADE, ...KEPT]);
  }
  equal((await Deno.readTextFile(join(paths.runs, ".lock"))).trim(), "");
  await clearLeftovers(paths.root);
  deepEqual(await there(paths), KEPT);
});

Deno.test("what a killed builder staged is not published by the next", async () => {
  await using root = await temporaryRoot();
  const { paths, log } = root;
  await sealed(paths, "run", "a", { "results.jsonl": jsonl([plainLine(0, 0, 90)]) });
  await Deno.mkdir(join(paths.exported, ".staged", "api"), { recursive: true });
  await Deno.writeTextFile(join(paths.exported, ".staged", "api", "evil.json"), "{}");
  await buildData(paths, log);
  equal(await exists(join(paths.exported, ".staged")), false);
  equal(await exists(join(paths.exported, "api", "evil.json")), false);
});

/** A process that makes a temporary folder in `home` and says its path; it ends when its input does. */
function holder(home: string) {
  const module = new URL("../pipeline/lib/temporary.ts", import.meta.url).href;
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "eval",
      `import { temporaryFolder } from "${module}";
       await using folder = await temporaryFolder();
       console.log(folder.path);
       await new Response(Deno.stdin.readable).text();`,
    ],
    env: { TMPDIR: home, NO_COLOR: "1" },
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  let said = "";
  const reading = (async () => {
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) said += text;
  })();
  return {
    path: () => until(() => /^(.+)\n/.exec(said)?.[1]),
    end: async (signal?: Deno.Signal) => {
      if (signal !== undefined) child.kill(signal);
      await child.stdin.close().catch(() => undefined);
      await Promise.all([child.status, reading]);
    },
  };
}

Deno.test("the temporary folder of a killed process is cleared by the next, that of a living one is not", async () => {
  const home = await Deno.makeTempDir();
  try {
    await Deno.mkdir(join(home, "ga-somebody-else's"));
    for (const name of ["ga-folder-was-not-made.held", "ga-old.held.new", "ga-young.held.new"]) {
      await Deno.writeTextFile(join(home, name), "");
    }
    await Deno.utime(join(home, "ga-old.held.new"), 0, 0);
    const [dead, living] = [holder(home), holder(home)];
    const [left, held] = [await dead.path(), await living.path()];
    await dead.end("SIGKILL");
    equal(await exists(left), true);
    const next = holder(home);
    const own = await next.path();
    deepEqual([await exists(left), await exists(held), await exists(own)], [false, true, true]);
    await Promise.all([living.end(), next.end()]);
    const stayed = ["ga-somebody-else's", "ga-young.held.new"];
    deepEqual([...Deno.readDirSync(home)].map(({ name }) => name).sort(), stayed);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});

Deno.test("the half-made file of a killed process is cleared by the next, that of a living one is not", async () => {
  const home = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(join(home, "model.gguf.4711.part"), "x");
    const { promise, resolve } = Promise.withResolvers<void>();
    const writing = makeWhole(join(home, "model.gguf"), async (file) => {
      await file.write(new TextEncoder().encode("whole"));
      await promise;
    });
    const parts = () =>
      [...Deno.readDirSync(home)].map(({ name }) => name).filter((name) => name.endsWith(".part"));
    const [part] = await until(() => parts().length === 1 && !parts()[0]?.includes("4711") ? parts() : null);
    await makeWhole(join(home, "other.gguf"), () => Promise.resolve());
    deepEqual(parts(), [part]);
    resolve();
    await writing;
    await rejects(makeWhole(join(home, "model.gguf"), () => Promise.reject(new Error("full"))), /full/);
    deepEqual([...Deno.readDirSync(home)].map(({ name }) => name).sort(), ["model.gguf", "other.gguf"]);
    equal(await Deno.readTextFile(join(home, "model.gguf")), "whole");
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});
