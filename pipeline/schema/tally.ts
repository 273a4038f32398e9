// What a level has brought so far: the agent says it once a second, a run shows it.
import { z } from "zod";
import { Arrival } from "./load.ts";

const count = (what: string) => z.int().min(0).meta({ description: what });
const seconds = (what: string) => z.number().min(0).meta({ description: `${what}, seconds.` });

export const Tally = z.strictObject({
  arrival: Arrival,
  level: z.number().positive().meta({ description: "Load level: concurrency, or requests per second." }),
  phase: z.enum(["measure", "repeat"]).meta({
    description: "Whether the level is measured for the first time.",
  }),
  step: z.int().min(1).meta({ description: "Number of this measurement, from 1." }),
  steps: z.int().min(1).nullable().meta({ description: "How many there are; null of a ladder." }),
  elapsed_seconds: seconds(
    "Time since the level's window began; 0 while the engine warms up and the load settles",
  ),
  planned_seconds: seconds("Planned window"),
  requests: count("Ended requests of the window, failed ones included."),
  tokens: count("Output tokens of the successful ones."),
  errors: count("Failed requests."),
  frames: count("Frames with text so far, those of the warm-up and of requests in flight included."),
  in_flight: count("Requests under way."),
  tokens_per_second: z.number().min(0).meta({
    description: "Output tokens of ended requests divided by the time since the window began.",
  }),
}).meta({ id: "Tally", description: "How far a level is." });

export type Tally = z.infer<typeof Tally>;

/** `, step 3`, `, 2 of 5`, `, again`; nothing where there is one level. Pure. */
export function stepInWords({ phase, step, steps }: Pick<Tally, "phase" | "step" | "steps">): string {
  if (phase === "repeat") return ", again";
  if (steps === null) return `, step ${step}`;
  return steps === 1 ? "" : `, ${step} of ${steps}`;
}
