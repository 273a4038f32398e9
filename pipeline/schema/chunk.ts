// One line of chunks.jsonl: when each frame with text of one request came. Optional beside results.jsonl.
import { z } from "zod";
import { Phase } from "./names.ts";

export const ChunkLine = z.object({
  n: z.int().min(0).meta({ description: "Running number of the request, as in results.jsonl." }),
  level: z.number().positive().max(1e6).meta({ description: "Load level." }),
  phase: Phase,
  first_ns: z.int().meta({
    description:
      "When the first frame with text came, nanoseconds on a monotonic clock since the start of the level's window; negative before it.",
  }),
  gaps_us: z.array(z.int().min(0).max(2 ** 32 - 1)).meta({
    description: "Microseconds from each frame with text to the next; one less than there are frames.",
  }),
}).meta({ id: "ChunkLine", description: "Chunk times of one request, one line of chunks.jsonl." });

export type ChunkLine = z.infer<typeof ChunkLine>;
