// The campaign: two hundred entries on four clouds that let one down as often as real ones, and what comes of them.
import type { z } from "zod";
import type { RunOutcome } from "../../pipeline/run/mod.ts";
import type { FailureCode } from "../../pipeline/schema/failures.ts";
import type { ManifestRow } from "../../pipeline/schema/manifest.ts";
import type { Test } from "../../pipeline/schema/matrix.ts";
import { atLeast, type Line, none } from "../bench/line.ts";
import type { CloudOptions, Stock } from "../cloud/cloud.ts";
import { type CloudName, PROTOCOLS } from "../cloud/mod.ts";
import type { Script } from "../cloud/server.ts";
import { KINDS, stockOf } from "../cloud/stock.ts";
import { faultsOf, troubledApi } from "./misfortunes.ts";
import { leaks, watchArguments } from "./leaks.ts";
import { BRIEF, perform, setStage, type Stage, type StageOptions } from "./stage.ts";

const CLOUDS = Object.keys(PROTOCOLS) as CloudName[];
const MODELS = ["qwen2:1.5b", "phi3:mini", "qwen2:7b", "deepseek-r1:14b"];
/** Hosts of each GPU on each cloud. */
const HOSTS = 10;
/** Of four offers on a marketplace one is no longer there. */
const STALE = 4;
const WRONG_CARD = { cards: [{ name: "NVIDIA GeForce RTX 3080", memory_mib: 10_240 }] };

/** What no offer can serve, told by provider and model, and how it has to end. */
interface Hopeless {
  readonly test: z.input<typeof Test>;
  readonly code: FailureCode;
  readonly stage: ManifestRow["failure_stage"];
}

const common = { engines: ["ollama" as const], workloads: [BRIEF] };
const HOPELESS: readonly Hopeless[] = [
  {
    code: "does_not_fit",
    stage: null,
    test: { ...common, providers: ["vastai", "tensordock"], gpus: ["RTX 3090"], models: ["deepseek-r1:70b"] },
  },
  {
    code: "no_offer",
    stage: null,
    test: {
      ...common,
      providers: ["runpod", "lambda"],
      gpus: ["H200 NVL"],
      gpu_count: 8,
      models: ["qwen3:8b"],
    },
  },
  {
    code: "price_above_cap",
    stage: null,
    test: {
      ...common,
      providers: ["vastai"],
      gpus: ["RTX 3090"],
      offers: { max_price_per_hour: 0.01 },
      models: ["mistral:7b"],
    },
  },
  {
    code: "model_unknown",
    stage: "load",
    test: { ...common, providers: ["lambda", "runpod"], gpus: ["RTX 3090"], models: ["not-a-model:1b"] },
  },
  {
    code: "wrong_gpu",
    stage: "setup",
    test: { ...common, providers: ["vastai"], gpus: ["H100"], gpu_count: 4, models: ["gemma2:9b"] },
  },
];

export interface Campaign {
  readonly rows: readonly ManifestRow[];
  readonly cost: RunOutcome["cost"];
  /** Entries that some offer could serve. */
  readonly servable: readonly ManifestRow[];
  readonly served: readonly ManifestRow[];
  /** Entries that ended with another stage or reason than they had to. */
  readonly misjudged: readonly ManifestRow[];
  readonly machines_left: number;
  /** Arguments of processes that held a key. */
  readonly told: readonly string[];
}

/** The stage of a campaign over the first so many kinds of GPU. */
export function campaignStage(gpus = KINDS.length): Promise<Stage> {
  return setStage(stageOptions(KINDS.slice(0, gpus)));
}

/** Runs the campaign. */
export async function campaignOn(stage: Stage): Promise<Campaign> {
  using watched = watchArguments(Object.values(stage.simulated).map(({ key }) => key));
  const { rows, cost, leftovers } = await perform(stage, { parallel: 6 });
  const servable = rows.filter((row) => hopelessOf(row) === null);
  return {
    rows,
    cost,
    servable,
    served: servable.filter(({ status }) => status === "success"),
    misjudged: rows.filter((row) => !endsAsExpected(row, hopelessOf(row))),
    machines_left: stage.present() + leftovers.length,
    told: watched.found,
  };
}

/** The whole campaign, and the table's lines. */
export async function campaign(tell: (text: string) => void): Promise<Line[]> {
  await using stage = await campaignStage();
  const { rows, cost, servable, served, misjudged, machines_left, told } = await campaignOn(stage);
  for (const { entry_id, status, failure_code, failure_stage, failure_reason } of rows) {
    if (status !== "success") {
      tell(`${entry_id}: ${failure_code} at ${failure_stage ?? "the plan"}: ${failure_reason}`);
    }
  }
  const machinesOf = (name: CloudName) => stage.cloud(name).cloud.machines.size;
  const rented = CLOUDS.reduce((sum, name) => sum + machinesOf(name), 0);
  const what = `campaign of ${rows.length} entries`;
  return [
    atLeast(
      `${what}: success where an offer could serve`,
      100 * served.length / servable.length,
      95,
      " %",
      `${served.length} of ${servable.length}, on ${rented} machines`,
    ),
    none(what, {
      "wrong stage or reason": misjudged.length,
      "machines left": machines_left,
      "secrets told": told.length + (await leaks(stage)).length,
    }, `${rows.length - served.length} without a result`),
    {
      what: `${what}: spent on failures`,
      found: `${(100 * cost.split.failed / cost.usd).toFixed(0)} % ($${cost.split.failed.toFixed(4)} of $${
        cost.usd.toFixed(4)
      })`,
      aim: "–",
      held: true,
    },
    ...CLOUDS.map((name) => lineOf(name, rows, machinesOf(name))),
  ];
}

function lineOf(name: CloudName, rows: readonly ManifestRow[], machines: number): Line {
  const mine = rows.filter(({ provider }) => provider === name);
  const succeeded = mine.filter(({ status }) => status === "success").length;
  return {
    what: `… on ${name}`,
    found: `${succeeded} of ${mine.length} succeeded, ${machines} machines`,
    aim: "–",
    held: true,
  };
}

/** Why nobody can serve an entry; null when some offer can. */
function hopelessOf({ provider, model }: ManifestRow): Hopeless | null {
  return HOPELESS.find(({ test: { providers = [], models } }) =>
    (providers as string[]).includes(provider) && models.includes(model)
  ) ?? null;
}

/** A servable entry that failed all the same must say so by a reason that only exhausts its tries. */
function endsAsExpected(
  { status, failure_code, failure_stage }: ManifestRow,
  hopeless: Hopeless | null,
): boolean {
  if (hopeless === null) return status === "success" || (failure_code !== null && failure_code !== "failed");
  return failure_code === hopeless.code && failure_stage === hopeless.stage;
}

function stageOptions(gpus: readonly string[]): StageOptions {
  const clouds: Partial<Record<CloudName, CloudOptions & { script: Script }>> = {};
  for (const [index, name] of CLOUDS.entries()) {
    const stock = gpus.flatMap((gpu, kind) =>
      Array.from({ length: HOSTS }, (_, n) => hostOf(name, gpu, kind, n))
    );
    clouds[name] = {
      stock: name === "vastai" ? [...stock, ...wrongCards()] : stock,
      script: troubledApi(index),
      machines: (_n, { id, gpu_count }) =>
        gpu_count > 1 ? WRONG_CARD : {
          ...faultsOf(name, id),
          engine: { unknownModels: ["not-a-model:1b"], ...faultsOf(name, id).engine },
        },
      ...(name === "vastai" || name === "tensordock"
        ? { stale: ({ id }) => Number(/\d+$/.exec(id)) % STALE === 0 }
        : {}),
    };
  }
  const tests = [
    { ...common, providers: [...CLOUDS], gpus: [...gpus], models: MODELS },
    ...HOPELESS.map(({ test }) => test),
  ];
  return { clouds, tests };
}

function hostOf(cloud: CloudName, gpu: string, kind: number, n: number): Stock {
  const number = 10_000 + kind * 100 + n;
  const id = cloud === "vastai" ? String(number) : `${cloud[0]}${number}`;
  const location = cloud === "lambda" ? `us-${n % 2 === 0 ? "west" : "east"}-${n + 1}` : `Town ${n}`;
  return stockOf(id, gpu, {
    price_per_hour: 0.3 + n / 50,
    location,
    host: cloud === "tensordock" ? id : String(number),
  });
}

function wrongCards(): Stock[] {
  return Array.from(
    { length: 6 },
    (_, n) => stockOf(String(90_000 + n), "H100", { gpu_count: 4, host: String(90_000 + n) }),
  );
}
