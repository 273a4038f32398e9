// Nobody waits for a machine on which a command hangs: a stop gives it back all the same. And whatever breaks off a run, its machines end.
import { deepEqual, equal, fail, match, ok, rejects } from "node:assert/strict";
import { join } from "node:path";
import { StoppedError } from "../../pipeline/errors.ts";
import { realClock } from "../../pipeline/lib/clock.ts";
import { connect, type ConnectContext } from "../../pipeline/machines/mod.ts";
import type { Address } from "../../pipeline/schema/machine.ts";
import { readRun } from "../../pipeline/run/journal.ts";
import { scripted } from "../cloud/server.ts";
import { type Stage, worldWith } from "../faults/stage.ts";
import { until } from "../until.ts";
import { LONG, measuring, OFFERS, run, skipAt, stageWith, tidy } from "./trial.ts";

/** Hangs for a while, and tells when it began and whether it came to its end. */
const HANGS = 'echo x >> "$HOME/begun"; sleep 18; echo x >> "$HOME/ended"';

/** What was measured may take so long to come home, ms. */
const PATIENCE_MS = 3000;

async function marks(stage: Stage, name: string): Promise<number> {
  const homes = [...stage.cloud("vastai").cloud.machines.values()].flatMap(({ running }) =>
    running?.home ?? []
  );
  const found = await Promise.all(homes.map((home) => Deno.stat(join(home, name)).catch(() => null)));
  return found.filter((info) => info !== null).length;
}

/** The machine does that from now on, when this program is started. */
function replace(stage: Stage, program: string, text: string): void {
  const [machine] = stage.cloud("vastai").cloud.present();
  const path = join(machine?.running?.home ?? "", "..", "bin", program);
  Deno.writeTextFileSync(path, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
}

for (const program of ["mkdir", "nvidia-smi", "touch", "cat"]) {
  Deno.test(`a stop gives back a machine at once on which ${program} hangs while it is set up`, async () => {
    const stop = new AbortController();
    await using stage = await stageWith({});
    const line = (text: string) => text.includes("setup  qwen2:7b") && replace(stage, program, HANGS);
    const running = run(stage, { line, patience_ms: PATIENCE_MS }, { signal: stop.signal });
    await until(async () => await marks(stage, "begun") > 0 || null);
    stop.abort();
    const result = await running;
    ok(result.outcome.stopped instanceof StoppedError);
    equal(await marks(stage, "ended"), 0, "the machine was waited for");
    tidy(result);
  });
}

for (const program of ["head", "tail", "wc", "sha256sum"]) {
  Deno.test(`a stop gives back a machine on which ${program} hangs while it measures`, async () => {
    const stop = new AbortController();
    await using stage = await stageWith({}, LONG);
    const running = run(stage, { patience_ms: PATIENCE_MS }, { signal: stop.signal });
    await measuring(stage);
    replace(stage, program, HANGS);
    stop.abort();
    const result = await running;
    ok(result.outcome.stopped instanceof StoppedError);
    equal(await marks(stage, "ended"), 0, "the machine was waited for");
    tidy(result);
  });
}

for (const how of ["throws", "hangs for ever"]) {
  Deno.test(`a machine is given back though the closing of its connection ${how}`, async () => {
    await using stage = await stageWith({ stock: OFFERS.slice(0, 1) });
    const world = {
      ...worldWith(stage.simulated, stage.pace),
      connect: async (address: Address, context: ConnectContext) => {
        const machine = await connect(address, context);
        return {
          ...machine,
          [Symbol.asyncDispose]: async () => {
            await machine[Symbol.asyncDispose]();
            if (how === "throws") throw new Error("ssh: mux_client_request_session: broken");
            await new Promise(() => undefined);
          },
        };
      },
    };
    tidy(await run(stage, {}, { world: { ...world, clock: realClock(stage.pace, PATIENCE_MS) } }));
  });
}

/** The first line of a journal that holds `text`, and every one after it, finds no room on the disk. */
function fullDiskAt(text: string): Disposable {
  const { writeSync } = Deno.FsFile.prototype;
  let isFull = false;
  Deno.FsFile.prototype.writeSync = function (this: Deno.FsFile, bytes: Uint8Array) {
    isFull ||= new TextDecoder().decode(bytes).includes(text);
    if (isFull) throw new Error("No space left on device (os error 28)");
    return writeSync.call(this, bytes);
  };
  return { [Symbol.dispose]: () => void (Deno.FsFile.prototype.writeSync = writeSync) };
}

for (const line of ['"stage":"setup"', '"event":"ready"', '"stage":"benchmark"', '"event":"work"']) {
  Deno.test(`a disk that is full at the line ${line} ends the run with its reason, and all machines of all leases`, async () => {
    await using stage = await stageWith({}, { models: ["qwen2:7b"], gpus: ["RTX 4090", "RTX 3090"] });
    {
      using _full = fullDiskAt(line);
      await rejects(run(stage, skipAt("not gone", 600)), /No space left on device/);
    }
    equal(stage.present(), 0);
    match(stage.said.join("\n"), /may still run|vastai/);
  });
}

Deno.test("a create whose answer is lost and a full disk leave no machine, and the next run closes the books", async () => {
  const script = scripted({ create: { 1: { lost: "after" } } });
  await using stage = await stageWith({ script });
  {
    using _full = fullDiskAt('"event":"unknown"');
    await rejects(run(stage), /No space left on device/);
  }
  equal(stage.present(), 0, stage.said.join("\n"));
  const [run_id] = (await Array.fromAsync(Deno.readDir(stage.paths.runs))).flatMap(({ name, isDirectory }) =>
    isDirectory ? [name] : []
  );
  const { machines } = await readRun(join(stage.paths.runs, run_id ?? ""), fail);
  deepEqual(machines.map(({ event }) => event), ["intent"]);
  const later = await run(stage, skipAt("waiting for the proof", 400), { resume: run_id ?? "" });
  equal(later.rows[0]?.status, "success", stage.said.join("\n"));
  tidy(later);
});
