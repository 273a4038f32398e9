// The kill test as a list: every line of the journals on every cloud, before and after it is on disk, and random moments.
import { type Line, none } from "../bench/line.ts";
import type { CloudName } from "../cloud/mod.ts";
import { isClean, killTrial, linesOf, type Recovery, type Trial, type Verdict } from "./kill.ts";
import { inParallel } from "./parallel.ts";

const CLOUDS: readonly CloudName[] = ["vastai", "tensordock", "runpod", "lambda"];
const RECOVERIES: readonly Recovery[] = [
  "resume",
  "sweep",
  "resume, killed again, resume",
  "sweep without a journal",
];
/** Random kills on each cloud, within the time that a run takes. */
const RANDOM = 12;
const LONGEST_MS = 4000;
const LEAST_KILLS = 300;

/** All kills; every trial that is not clean is told with its logs. */
export async function killAll(tell: (text: string) => void): Promise<Line[]> {
  const trials: Trial[] = [];
  for (const cloud of CLOUDS) trials.push(...trialsOn(cloud, await linesOf(cloud)));
  const verdicts = await inParallel(trials, 3, async (trial, n) => {
    const verdict = await killTrial(trial);
    if (!isClean(verdict)) tell(`NOT CLEAN ${JSON.stringify(verdict, null, 1).replaceAll("\\n", "\n")}`);
    else if (n % 25 === 0) tell(`kill ${n} of ${trials.length}`);
    return verdict;
  });
  return [...lines(verdicts), {
    what: "kills in all",
    found: String(killed(verdicts)),
    aim: `at least ${LEAST_KILLS}`,
    held: killed(verdicts) >= LEAST_KILLS,
  }];
}

function trialsOn(cloud: CloudName, journalLines: number): Trial[] {
  const recovery = (n: number) => RECOVERIES[n % RECOVERIES.length] ?? "resume";
  const atLines = Array.from({ length: journalLines }, (_, n) => n + 1).flatMap((line): Trial[] => [
    { cloud, kill: { line, when: "before" }, recovery: recovery(line) },
    { cloud, kill: { line, when: "after" }, recovery: recovery(line + 1) },
  ]);
  const atRandom = Array.from({ length: RANDOM }, (_, n): Trial => (
    { cloud, kill: { ms: Math.round(Math.random() * LONGEST_MS) }, recovery: recovery(n) }
  ));
  return [...atLines, ...atRandom];
}

function lines(verdicts: readonly Verdict[]): Line[] {
  return [...Map.groupBy(verdicts, ({ cloud, recovery }) => `${cloud}, then ${recovery}`)].map(
    ([name, group]) => {
      const sum = (of: (verdict: Verdict) => number) => group.reduce((total, each) => total + of(each), 0);
      return none(`killed on ${name}`, {
        "machines left": sum((each) => each.machines_left),
        "results lost": sum((each) => each.results_lost),
        "results twice": sum((each) => each.results_twice),
        "entries or machines open": sum((each) => each.entries_open),
        "SSH keys left": sum((each) => Number(each.key_left)),
        "secrets told": sum((each) => each.secrets_told),
      }, `${killed(group)} kills, ${sum((each) => each.succeeded)} results`);
    },
  );
}

function killed(verdicts: readonly Verdict[]): number {
  return verdicts.filter((verdict) => verdict.killed).length;
}
