// A machine at work for a moment: what is known is told, what is not known in time is null, and what is broken is said.
import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import type { Engine, EngineWorld, Loaded } from "../pipeline/engines/engine.ts";
import { look } from "../pipeline/engines/look.ts";
import { engines } from "../pipeline/engines/mod.ts";
import { StoppedError, UserError } from "../pipeline/errors.ts";
import { realClock } from "../pipeline/lib/clock.ts";
import type { Machine } from "../pipeline/machines/machine.ts";
import { Failure } from "../pipeline/schema/failures.ts";
import { median } from "../pipeline/schema/median.ts";
import { engineWorld } from "./fixtures.ts";

const LOADED: Loaded = { size_bytes: 1.2e9, size_vram_bytes: 1.2e9, weights_bytes: 1e9, pulled_bytes: 1e9 };
const STATE = "state 0, 97, 400.00, 450.00, 4, 16";

/** A machine that says STATE whenever it is asked, after `wait`. */
function machine(wait: () => Promise<unknown> = () => Promise.resolve()): Machine {
  const run: Machine["run"] = async (_command, { onStdout } = {}) => {
    await wait();
    onStdout?.(STATE);
    return 0;
  };
  return { run } as Machine;
}

/** What is seen when the engine does this; `unloaded`: the models that were unloaded. */
async function seen(
  changes: Partial<Engine>,
  { loaded = null, world = {}, on = machine() }: {
    loaded?: Loaded | null;
    world?: Partial<EngineWorld>;
    on?: Machine;
  } = {},
) {
  const [unloaded, said]: [string[], string[]] = [[], []];
  const engine: Engine = {
    ...engines.openai,
    load: () => Promise.resolve(LOADED),
    decode: () => Promise.resolve(100),
    unload: (_running, model) => Promise.resolve(void unloaded.push(model)),
    ...changes,
  };
  const running = { url: "", version: null, agentEnv: {}, [Symbol.asyncDispose]: () => Promise.resolve() };
  const looked = { machine: on, engine, running, model: "small", loaded };
  return { signs: await look(looked, engineWorld(said, world)), unloaded, said };
}

/** Waits until the work is ended, and fails as work that is ended does. */
function forever(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason));
  });
}

/** A clock whose two minutes are over when `over` is called. */
function endingClock() {
  const late = new AbortController();
  const clock = { ...realClock(), timeout: () => late.signal };
  return { clock, over: () => late.abort(new DOMException("", "TimeoutError")) };
}

Deno.test("a small model is loaded, decoded and unloaded, and everything is known", async () => {
  const { signs, unloaded } = await seen({
    load(_running, _model, _capacity, { onPhase, onPulled }) {
      onPhase("pull");
      onPulled?.(1e9);
      return Promise.resolve(LOADED);
    },
  });
  const { download_seconds, ...known } = signs;
  equal(typeof download_seconds, "number");
  deepEqual(known, {
    model: "small",
    weights_bytes: 1e9,
    tokens_per_second: 100,
    memory_bandwidth_gb_s: 100,
    size_loaded_bytes: 1.2e9,
    size_vram_bytes: 1.2e9,
    power_limit_w: 400,
    power_default_limit_w: 450,
    pcie_generation: 4,
    pcie_width: 16,
    downloaded_bytes: 1e9,
  });
  deepEqual(unloaded, ["small"]);
});

Deno.test("the speed is the median of the decodes after the first, which go on as long as the driver is watched", async () => {
  const speeds: number[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  let asked = 0;
  // The first look is short; the second lasts until the fourth decode.
  const on = machine(() => asked++ === 0 ? Promise.resolve() : promise);
  const { signs } = await seen({
    decode() {
      speeds.push(10 * (speeds.length + 1));
      if (speeds.length === 4) resolve();
      return Promise.resolve(speeds.at(-1) ?? 0);
    },
  }, { on });
  ok(speeds.length >= 4);
  equal(signs.tokens_per_second, median(speeds.slice(1)));
});

Deno.test("a model that was loaded for the work stays loaded", async () => {
  const { signs, unloaded } = await seen({}, { loaded: { ...LOADED, weights_bytes: null } });
  deepEqual([signs.tokens_per_second, signs.memory_bandwidth_gb_s, unloaded], [100, null, []]);
});

Deno.test("a pull that is not over in time leaves its speed, and nothing that it would have shown", async () => {
  const { clock, over } = endingClock();
  const { signs, unloaded, said } = await seen({
    load(_running, _model, _capacity, { onPhase, onPulled, signal }) {
      onPhase("pull");
      onPulled?.(3e8);
      over();
      return forever(signal);
    },
  }, { world: { clock } });
  deepEqual([signs.downloaded_bytes, signs.tokens_per_second, signs.size_vram_bytes], [3e8, null, null]);
  equal(signs.power_limit_w, 400);
  deepEqual(unloaded, ["small"]);
  match(said.join(), /canary: 120 s are over/);
});

Deno.test("a decode so slow that only the first is over in time is told all the same", async () => {
  const { clock, over } = endingClock();
  let decodes = 0;
  const { signs } = await seen({
    decode(_running, _model, _capacity, { signal }) {
      if (decodes++ === 0) return Promise.resolve(2);
      over();
      return forever(signal);
    },
  }, { world: { clock } });
  deepEqual([signs.tokens_per_second, signs.memory_bandwidth_gb_s], [2, 2]);
});

Deno.test("what the library or the engine does not answer is unknown; what the machine cannot do is its failure", async () => {
  const failing = (error: Error) => seen({ load: () => Promise.reject(error) });
  for (
    const error of [
      new Failure("model_unknown", "Cannot pull small: there is none"),
      new Failure("pull_failed", "Cannot pull small: 502"),
      new UserError("Cannot decode with small: the engine answered 404", "Look."),
    ]
  ) {
    const { signs, said } = await failing(error);
    equal(signs.tokens_per_second, null);
    match(said.join(), new RegExp(`canary: ${error.message}`));
  }
  for (const code of ["load_failed", "disk_too_small", "connection_lost"] as const) {
    await rejects(
      failing(new Failure(code, "Cannot")),
      (error) => error instanceof Failure && error.code === code,
    );
  }
});

Deno.test("a run that is stopped ends the look with its reason, also when the two minutes are over", async () => {
  const stop = new AbortController();
  const { clock, over } = endingClock();
  await rejects(
    seen({
      load(_running, _model, _capacity, { signal }) {
        stop.abort(new StoppedError("Ctrl-C"));
        over();
        return forever(signal);
      },
    }, { world: { signal: stop.signal, clock } }),
    /Ctrl-C/,
  );
});
