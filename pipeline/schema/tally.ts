// What a level has brought so far: the agent says it once a second, a run shows it.
import { z } from "zod";

const count = (what: string) => z.int().min(0).meta({ description: what });
const seconds = (what: string) => z.number().min(0).meta({ description: `${what}, seconds.` });

export const Tally = z.strictObject({
  level: z.number().positive().meta({ description: "Load level: concurrency." }),
  elapsed_seconds: seconds("Time since the level's window began"),
  planned_seconds: seconds("Planned window"),
  requests: count("Ended requests of the window, failed ones included."),
  tokens: count("Output tokens of the successful ones."),
  errors: count("Failed requests."),
  frames: count("Frames with text of the window, those of requests in flight included."),
  tokens_per_second: z.number().min(0).meta({
    description: "Output tokens of ended requests divided by the time since the window began.",
  }),
}).meta({ id: "Tally", description: "How far a level is." });

export type Tally = z.infer<typeof Tally>;
