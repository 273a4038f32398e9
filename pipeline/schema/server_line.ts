// One line of server.jsonl: what the engine counted at one moment. Optional beside results.jsonl.
import { z } from "zod";
import { MOST_COUNTED } from "./gauges.ts";
import { Phase } from "./names.ts";

const gauge = (what: string) =>
  z.number().min(0).max(MOST_COUNTED).nullable().meta({
    description: `${what}; null when the engine does not tell.`,
  });

export const ServerLine = z.object({
  t: z.number().min(0).meta({ description: "When the engine was asked, seconds since 1970." }),
  at_ns: z.int().meta({
    description:
      "When the engine had answered, nanoseconds on a monotonic clock since the start of the level's window; negative before it.",
  }),
  level: z.number().positive().max(1e6).meta({ description: "Load level." }),
  phase: Phase.meta({ description: "Phase of the window that it belongs to." }),
  running: gauge("Requests that the engine serves at this moment"),
  waiting: gauge("Requests that wait for their turn in it"),
  generation_tokens: gauge("Output tokens since it started, all requests"),
  prompt_tokens: gauge("Prompt tokens since it started, all requests"),
  kv_usage: gauge("Used part of its memory for keys and values, 0 to 1"),
}).meta({
  id: "ServerLine",
  description:
    "The engine's own counters, one line of server.jsonl. The first and the last of a window were taken when no request was under way.",
});

export type ServerLine = z.infer<typeof ServerLine>;
