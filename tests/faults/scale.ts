// Three hundred leases at once on one controller: what that costs it, and how much later it ends than its slowest account allows.
import type { z } from "zod";
import type { Connect } from "../../pipeline/machines/mod.ts";
import type { Test } from "../../pipeline/schema/matrix.ts";
import { atMost, type Line, none } from "../bench/line.ts";
import type { CloudOptions } from "../cloud/cloud.ts";
import { type CloudName, PROTOCOLS } from "../cloud/mod.ts";
import { ModelledMachine } from "../cloud/modelled_machine.ts";
import { KINDS, stockOf } from "../cloud/stock.ts";
import { perform, setStage, type Stage, type StageOptions, worldWith } from "./stage.ts";
import { mostAtOnce, Watch } from "./watch.ts";

const CLOUDS = Object.keys(PROTOCOLS) as CloudName[];
const LEASES = 300;
/** Real seconds for a second of the trial. */
const PACE = 0.1;
/** Long enough for the first to be measured still when the last begins. */
const MEASURE_SECONDS = 900;
const BOOT_SECONDS = 60;
/** Least seconds between two creates that the accounts allow. */
const CREATE_GAP_SECONDS: Record<CloudName, number> = { vastai: 5, tensordock: 0.7, runpod: 1.1, lambda: 12 };

/** The trial with 300 leases beside one with a lease on each cloud, and the table's lines. */
export async function scale(tell: (text: string) => void): Promise<Line[]> {
  const alone = await leasesAtOnce(CLOUDS.length, PACE);
  tell(`${CLOUDS.length} leases took ${alone.seconds.toFixed(0)} s`);
  const all = await leasesAtOnce(LEASES, PACE);
  tell(`${LEASES} leases took ${all.seconds.toFixed(0)} s`);
  all.failures.forEach((failure) => tell(failure));
  const each = Math.ceil(LEASES / CLOUDS.length);
  const waiting = Math.max(...Object.values(CREATE_GAP_SECONDS)) * (each - 1);
  const critical = alone.seconds + waiting;
  const what = `${LEASES} leases at once`;
  return [
    atMost(
      `${what}: end / critical path`,
      all.seconds / critical,
      1.2,
      " ×",
      `${all.seconds.toFixed(0)} s; the last machine may be asked for after ${waiting} s, one lease takes ${
        alone.seconds.toFixed(0)
      } s`,
    ),
    atMost(`${what}: memory`, all.rss_mib, 1024, " MiB", "resident, the four simulated clouds included"),
    atMost(`${what}: all / machines at the same time`, LEASES / all.most, 1.05, " ×", `${all.most} machines`),
    none(
      what,
      { "without success": LEASES - all.succeeded, "machines left": all.left },
      `${all.succeeded} results`,
    ),
    {
      what: `${what}: CPU and event loop`,
      found: `${(100 * all.cpu_seconds / (all.seconds * PACE)).toFixed(0)} % of one core with time ${
        1 / PACE
      } times as fast, lag ${all.lag_ms.p50.toFixed(1)} ms median, ${all.lag_ms.p99.toFixed(0)} ms p99, ${
        all.lag_ms.most.toFixed(0)
      } ms most`,
      aim: "–",
      held: true,
    },
  ];
}

export interface Scale {
  /** Seconds of the trial's clock. */
  readonly seconds: number;
  readonly succeeded: number;
  /** Entries without a result, each with its reason. */
  readonly failures: readonly string[];
  readonly left: number;
  readonly rss_mib: number;
  readonly cpu_seconds: number;
  readonly lag_ms: { readonly p50: number; readonly p99: number; readonly most: number };
  /** Machines at the same time. */
  readonly most: number;
}

/** So many leases, each with a machine of its own, all at once. */
export async function leasesAtOnce(leases: number, pace: number): Promise<Scale> {
  await using stage = await setStage({ ...stageOptions(leases), pace });
  const watch = new Watch();
  const began = performance.now();
  const { rows } = await perform(stage, {
    parallel: leases,
    world: { ...worldWith(stage.simulated, pace), connect: connectIn(stage) },
  });
  const seconds = (performance.now() - began) / 1000 / pace;
  const failed = rows.filter(({ status }) => status !== "success");
  return {
    seconds,
    succeeded: rows.length - failed.length,
    failures: failed.map(({ entry_id, failure_reason }) => `${entry_id}: ${failure_reason}`),
    left: stage.present(),
    ...watch.end(),
    most: mostAtOnce(CLOUDS.flatMap((name) => [...stage.cloud(name).cloud.machines.values()])),
  };
}

/** Leases for the same kind of GPU go one after another, so every lease has a kind of its own: GPU, count and cloud. */
function stageOptions(leases: number): Omit<StageOptions, "pace"> {
  const clouds: Partial<Record<CloudName, CloudOptions>> = {};
  const tests: z.input<typeof Test>[] = [];
  for (const [index, name] of CLOUDS.entries()) {
    const kinds = Array.from({ length: Math.ceil((leases - index) / CLOUDS.length) }, (_, n) => ({
      gpu: KINDS[n % KINDS.length] ?? "",
      gpu_count: 1 + Math.floor(n / KINDS.length),
    }));
    const stock = kinds.map(({ gpu, gpu_count }, n) =>
      stockOf(idOf(name, n), gpu, {
        gpu_count,
        location: placeOf(name, n),
        capacity: kinds.length,
      })
    );
    clouds[name] = { stock, bootSeconds: BOOT_SECONDS, hollowPort: 22 };
    tests.push(...kinds.map(({ gpu, gpu_count }) => ({
      providers: [name],
      gpus: [gpu],
      gpu_count,
      engines: ["ollama" as const],
      models: ["qwen2:1.5b"],
      workloads: [{ duration_seconds: MEASURE_SECONDS }],
    })));
  }
  return { clouds, tests };
}

function idOf(name: CloudName, n: number): string {
  return name === "vastai" ? String(31_840_000 + n) : `${name[0]}${n}`;
}

function placeOf(name: CloudName, n: number): string {
  return name === "lambda" ? "us-west-1" : `Town ${n}`;
}

/** Connects to a model of the machine that has this label. */
function connectIn(stage: Stage): Connect {
  return (_address, { machine_id, clock }) => {
    const machines = CLOUDS.flatMap((name) => [...stage.cloud(name).cloud.machines.values()]);
    const found = machines.find(({ label }) => label === machine_id);
    if (found === undefined) throw new Error(`there is no machine ${machine_id}`);
    return Promise.resolve(new ModelledMachine(found.stock, clock));
  };
}
