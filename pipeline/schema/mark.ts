// The mark of a rehearsal: where every result is that of a simulated cloud, each answer says so first.
import { z } from "zod";

export const Mark = z.strictObject({
  simulated: z.literal(true).optional().meta({
    description:
      "True where all results are those of simulated clouds: nothing was measured. Else not there.",
  }),
});

export type Mark = z.infer<typeof Mark>;

/** The same for people. */
export const SIMULATED = "Simulated: every figure comes from the simulated clouds, and nothing was measured.";
