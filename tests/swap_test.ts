// A folder is replaced as a whole: whoever dies in between leaves one that is whole, and a server over it always answers.
import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { join } from "node:path";
import { exists } from "../pipeline/lib/files.ts";
import { replaceFolder, restoreFolder } from "../pipeline/lib/swap.ts";
import { live } from "./live.ts";

interface Folders {
  readonly next: string;
  readonly place: string;
  readonly aside: string;
}

/** Calls `step` before each step that `work` does to folders. */
async function atEachStep(step: () => Promise<void>, work: () => Promise<void>): Promise<void> {
  const { rename, remove } = Deno;
  Object.assign(Deno, {
    rename: async (from: string, to: string) => (await step(), await rename(from, to)),
    remove: async (path: string, options: Deno.RemoveOptions) => (await step(), await remove(path, options)),
  });
  try {
    await work();
  } finally {
    Object.assign(Deno, { rename, remove });
  }
}

/** Dies at the nth step; true when there was one. */
async function dieAt(nth: number, work: () => Promise<void>): Promise<boolean> {
  let steps = 0;
  const step = () => {
    steps += 1;
    return steps >= nth ? Promise.reject(new Error("dead")) : Promise.resolve();
  };
  await atEachStep(step, work).catch(() => undefined);
  return steps >= nth;
}

async function inFolders(work: (folders: Folders) => Promise<void>): Promise<void> {
  const home = await Deno.makeTempDir();
  try {
    await work({ next: join(home, "next"), place: join(home, "place"), aside: join(home, ".aside") });
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

async function fill(folder: string, text: string): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(join(folder, "index.html"), text);
}

for (const before of ["old", null]) {
  Deno.test(`killed at any step, the next command finds the new site or ${before ?? "none, as before"}`, () =>
    inFolders(async ({ next, place, aside }) => {
      for (let nth = 1;; nth++) {
        for (const folder of [next, place, aside]) {
          await Deno.remove(folder, { recursive: true }).catch(() => undefined);
        }
        if (before !== null) await fill(place, before);
        await fill(next, "new");
        const died = await dieAt(nth, () => replaceFolder(next, place, aside));
        await restoreFolder(place, aside);
        const text = await Deno.readTextFile(join(place, "index.html")).catch(() => null);
        ok(text === "new" || (died && text === before), `step ${nth}: ${text}`);
        equal(await exists(aside), false);
        if (!died) return ok(nth > (before === null ? 1 : 3), `${nth} steps`);
      }
    }));
}

Deno.test("when the new folder cannot come to its place the old one stays there", () =>
  inFolders(async ({ next, place, aside }) => {
    await fill(place, "old");
    await rejects(replaceFolder(next, place, aside), Deno.errors.NotFound);
    equal(await Deno.readTextFile(join(place, "index.html")), "old");
    equal(await exists(aside), false);
  }));

Deno.test("while a new site comes to its place, and after a death in between, every page is served", async () => {
  await using running = await live();
  const { siteDist: place, siteAside: aside, siteWork: next } = running.paths;
  const asked: string[] = [];
  const ask = async () => {
    const response = await running.ask("/index.html");
    asked.push(response.status === 200 ? await response.text() : String(response.status));
  };
  await fill(place, "old");
  await fill(next, "new");
  await atEachStep(ask, () => replaceFolder(next, place, aside));
  await ask();
  deepEqual(asked, ["old", "old", "new", "new"]);
  await Deno.rename(place, aside);
  await ask();
  equal(asked.at(-1), "new");
  equal((await running.ask("/nothing.html")).status, 404);
});
