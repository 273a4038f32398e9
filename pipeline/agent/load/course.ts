// In which order the levels of a workload are measured. Pure.
import { type Arrival, levelsOf, type Load } from "../../schema/load.ts";
import { nextLevel, type Rung } from "./ladder.ts";
import { shuffled } from "./random.ts";

export interface Course {
  readonly concurrency: readonly number[] | undefined;
  readonly load: Load | undefined;
  readonly order: "random" | "given";
  /** Whether the first level is measured once more at the end. */
  readonly repeat_first: boolean;
  readonly seed: number;
}

/** One measurement of one level. */
export interface Step {
  readonly arrival: Arrival;
  readonly level: number;
  readonly phase: "measure" | "repeat";
  /** Its number, from 1, and of how many; null where that depends on what is found. */
  readonly step: number;
  readonly steps: number | null;
}

/** What a step brought. */
export interface Outcome extends Rung {
  readonly phase: Step["phase"];
}

/** What is measured after the steps of `history`; null when all is. */
export function nextStep(course: Course, history: readonly Outcome[]): Step | null {
  const { load, repeat_first } = course;
  const ladder = load?.kind === "ladder";
  const levels = levelsOf(course).length;
  const at = (level: number, phase: Step["phase"]): Step => ({
    arrival: load === undefined || load.kind === "ladder" ? "closed" : load.kind,
    level,
    phase,
    step: history.length + 1,
    steps: ladder ? null : levels + (repeat_first && levels > 1 ? 1 : 0),
  });
  if (history.at(-1)?.phase === "repeat") return null;
  const level = nextOf(course, history);
  if (level !== null) return at(level, "measure");
  const [first, ...others] = history;
  return repeat_first && first !== undefined && others.length > 0 ? at(first.level, "repeat") : null;
}

function nextOf({ load, order, seed, ...course }: Course, history: readonly Outcome[]): number | null {
  if (load?.kind === "ladder") return nextLevel(history, load.most);
  const levels = levelsOf({ ...course, load });
  return (order === "random" ? shuffled(levels, seed) : levels)[history.length] ?? null;
}
