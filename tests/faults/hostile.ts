// Hostile machines: a lie on one lease of each cloud while another lease works beside it, to its end and with Ctrl-C in between.
import { join } from "node:path";
import {
  EVIDENCE_FILES,
  type EvidenceFileName,
  isEvidenceFile,
} from "../../pipeline/schema/evidence_files.ts";
import { readRun } from "../../pipeline/run/journal.ts";
import { atLeast, type Line, none } from "../bench/line.ts";
import { type CloudName, PROTOCOLS } from "../cloud/mod.ts";
import type { Stock } from "../cloud/cloud.ts";
import { stockOf } from "../cloud/stock.ts";
import { jobOf, startController } from "./controller_process.ts";
import { type Lie, LIES, type Traps } from "./lies.ts";
import { inParallel } from "./parallel.ts";
import { BRIEF, setStage, type Stage } from "./stage.ts";

const CLOUDS = Object.keys(PROTOCOLS) as CloudName[];
const SIDE_BY_SIDE = 3;
const MOST_RSS_MIB = 400;
/** After Ctrl-C no machine may be left for longer, seconds of the clock. */
const GIVEN_BACK_SECONDS = 30;
/** Real seconds for a second of the clock, in trials that are stopped: the times of real programs count there. */
const STOP_PACE = 0.5;
/** A machine that is set up for so long is not waited for. */
const SETUP_MS = 15_000;
const LIES_TOLD_MS = 3000;
/** What a terminal obeys. */
// deno-lint-ignore no-control-regex
const ESCAPES = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;

export interface Outcome {
  readonly cloud: CloudName;
  readonly lie: Lie;
  /** Files here that are no evidence, or lie where none of ours do. */
  readonly strays: readonly string[];
  readonly bytes_over: number;
  readonly rss_mib: number;
  /** Whether the lying machine was left, or served, as it should be; always true of a trial that was stopped. */
  readonly judged: boolean;
  /** Whether the other lease came to its result; always true of a trial that was stopped. */
  readonly undisturbed: boolean;
  /** Commands of the host's run here, ports of ours asked, characters that a terminal obeys. */
  readonly broken_in: number;
  /** Machines that were there so long after Ctrl-C, or at the end. */
  readonly left: number;
  readonly log: string;
}

/** The trial of one lie on one cloud; with `stopped`, Ctrl-C comes while it is told. */
export async function hostileTrial(cloud: CloudName, lie: Lie, stopped: boolean): Promise<Outcome> {
  let asked = 0;
  await using secret = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => undefined }, () => {
    asked += 1;
    return Response.json({ version: "0.1.0" });
  });
  const folder = await Deno.makeTempDir({ prefix: "hostile-" });
  const traps = { mark: join(folder, "mark"), secret: `http://127.0.0.1:${secret.addr.port}/secret` };
  try {
    await using stage = await stageOf(cloud, lie, traps, stopped);
    const { log, rss_mib, left } = await control(stage, stopped);
    const { files, bytes_over } = await filesOf(stage.paths.root);
    const { lying, other } = await rowsOf(stage);
    const ended = lie.ends === "served" ? lying === "success" : lying !== "success";
    const ran = await Deno.stat(traps.mark).then(() => 1, () => 0);
    return {
      cloud,
      lie,
      strays: files,
      bytes_over,
      rss_mib,
      judged: stopped || ended,
      undisturbed: stopped || other === "success",
      broken_in: asked + ran + (ESCAPES.test(log) ? 1 : 0),
      left,
      log,
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

export function isHarmless(
  { strays, bytes_over, rss_mib, judged, undisturbed, broken_in, left }: Outcome,
): boolean {
  return strays.length + bytes_over + broken_in + left === 0 && rss_mib <= MOST_RSS_MIB && judged &&
    undisturbed;
}

/** All lies on all clouds, and the table's lines. */
export async function hostile(tell: (text: string) => void): Promise<Line[]> {
  const lines: Line[] = [];
  for (const stopped of [false, true]) {
    const trials = LIES.flatMap((lie) => CLOUDS.map((cloud) => ({ cloud, lie })));
    const outcomes = await inParallel(trials, SIDE_BY_SIDE, async ({ cloud, lie }, n) => {
      const outcome = await hostileTrial(cloud, lie, stopped);
      if (!isHarmless(outcome)) tell(`NOT HELD ${JSON.stringify(outcome, null, 1).replaceAll("\\n", "\n")}`);
      else if (n % 20 === 0) tell(`lie ${n} of ${trials.length}`);
      return outcome;
    });
    lines.push(...linesOf(outcomes, stopped));
  }
  return [
    ...lines,
    atLeast("kinds of lies", LIES.length, 12, "", `on ${CLOUDS.length} clouds, to the end and stopped`),
  ];
}

function linesOf(outcomes: readonly Outcome[], stopped: boolean): Line[] {
  const sum = (of: (outcome: Outcome) => number) => outcomes.reduce((total, each) => total + of(each), 0);
  const most = Math.max(...outcomes.map(({ rss_mib }) => rss_mib));
  const what = stopped ? "hostile machines, Ctrl-C meanwhile" : "hostile machines";
  return [none(what, {
    "files published": sum(({ strays }) => strays.length),
    "bytes over the bound": sum(({ bytes_over }) => bytes_over),
    [`controller over ${MOST_RSS_MIB} MiB`]: sum(({ rss_mib }) => Number(rss_mib > MOST_RSS_MIB)),
    [stopped ? `machines left ${GIVEN_BACK_SECONDS} s after Ctrl-C` : "machines left"]: sum(({ left }) =>
      left
    ),
    ...(stopped ? {} : {
      "other leases disturbed": sum(({ undisturbed }) => Number(!undisturbed)),
      "lies believed": sum(({ judged }) => Number(!judged)),
    }),
    "broken in": sum(({ broken_in }) => broken_in),
  }, `${outcomes.length} trials, controller at most ${most.toFixed(0)} MiB`)];
}

/** One kind of GPU whose only machine lies, and another beside it that is honest. */
function stageOf(cloud: CloudName, lie: Lie, traps: Traps, stopped: boolean): Promise<Stage> {
  const place = cloud === "lambda" ? ["us-west-1", "us-east-1"] : ["Town 1", "Town 2"];
  const id = (n: number) => cloud === "vastai" ? `3184220${n}` : `${cloud[0]}${n}`;
  const stock: Stock[] = ["RTX 4090", "RTX 3090"].map((gpu, n) =>
    stockOf(id(n), gpu, { location: place[n] ?? "", host: cloud === "vastai" ? String(n + 1) : id(n) })
  );
  return setStage({
    clouds: {
      [cloud]: {
        stock,
        bootSeconds: 5,
        machines: (_n: number, { gpu }: Stock) => gpu === "RTX 4090" ? lie.faults(traps) : undefined,
      },
    },
    tests: [{
      providers: [cloud],
      gpus: ["RTX 4090", "RTX 3090"],
      engines: ["ollama"],
      models: ["qwen2:1.5b"],
      workloads: [stopped ? { ...BRIEF, duration_seconds: 120 } : BRIEF],
    }],
    ...(stopped ? { pace: STOP_PACE } : {}),
  });
}

/** Runs a controller to its end, or stops it once the lie is told; how much memory it took, and how many machines were left. */
async function control(stage: Stage, stopped: boolean) {
  const child = await startController(jobOf(stage));
  let rss_mib = 0;
  const timer = setInterval(() => rss_mib = Math.max(rss_mib, peakOf(child.pid)), 50);
  let log = "";
  let left = -1;
  const reading = (async () => {
    for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) log += text;
  })();
  if (stopped) left = await stop(child, stage, () => log);
  await child.status;
  clearInterval(timer);
  await reading;
  return { log, rss_mib, left: Math.max(left, stage.present()) };
}

/** Sends Ctrl-C while the lying machine measures, or is set up for long; how many machines are there when they must be gone. */
async function stop(child: Deno.ChildProcess, stage: Stage, said: () => string): Promise<number> {
  const isOver = child.status.then(() => true);
  const soon = (ms: number) => new Promise<false>((resolve) => setTimeout(() => resolve(false), ms));
  const come = async (words: RegExp, most_ms: number) => {
    const late = performance.now() + most_ms;
    while (!words.test(said()) && performance.now() < late && !await Promise.race([isOver, soon(20)]));
  };
  await come(/rtx-4090 {2}setup|rtx-4090.*: /, Infinity);
  await come(/rtx-4090\S* {2}benchmark|rtx-4090.*(failed|elsewhere)/, SETUP_MS);
  if (await Promise.race([isOver, soon(LIES_TOLD_MS)])) return stage.present();
  child.kill("SIGINT");
  const until = performance.now() + GIVEN_BACK_SECONDS * 1000 * stage.pace;
  while (performance.now() < until && stage.present() > 0) await soon(20);
  return stage.present();
}

/** Most memory that a process held, MiB. */
function peakOf(pid: number): number {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(Deno.readTextFileSync(`/proc/${pid}/status`))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

/** Files below the root's evidence that are none, and the bytes by which any is too large. */
async function filesOf(root: string): Promise<{ files: string[]; bytes_over: number }> {
  const files: string[] = [];
  let bytes_over = 0;
  for await (const path of below(root)) {
    const inside = path.slice(root.length + 1);
    const [top, , folder, , name = ""] = inside.split("/");
    const isEvidence = inside.startsWith("data/raw/") || (top === "runs" && folder === "work");
    if (!isEvidence) continue;
    const known = name.replace(/\.part$/, "");
    if (!isEvidenceFile(known)) files.push(inside);
    else {bytes_over += Math.max(
        0,
        (await Deno.stat(path)).size - EVIDENCE_FILES[known as EvidenceFileName].most_bytes,
      );}
  }
  return { files, bytes_over };
}

async function* below(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = join(folder, name);
    if (isDirectory) yield* below(path);
    else yield path;
  }
}

async function rowsOf({ paths }: Stage): Promise<{ lying: string | undefined; other: string | undefined }> {
  for await (const { name, isDirectory } of Deno.readDir(paths.runs)) {
    if (!isDirectory) continue;
    const { rows } = await readRun(join(paths.runs, name), () => undefined);
    const of = (gpu: string) => rows.find(({ gpu_type }) => gpu_type === gpu)?.status;
    return { lying: of("RTX 4090"), other: of("RTX 3090") };
  }
  return { lying: undefined, other: undefined };
}
