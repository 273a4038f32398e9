// How the engine that was measured came to its machine: what was asked for, what was taken, where it came from.
import { z } from "zod";

/** It is told by a machine that may be a stranger's. */
const shown = (most: number) => z.string().regex(new RegExp(`^[ -~]{1,${most}}$`));

export const RuntimeInstall = z.object({
  asked: shown(80).nullable().meta({
    description:
      "Version that the matrix asked for, or `latest`; null: none, the usual one of the almanac's release.",
  }),
  version: shown(80).nullable().meta({
    description: "Version that was taken; null where the machine's image had one and none was asked for.",
  }),
  source: shown(300).meta({
    description:
      "Where it came from: a file's address, `PyPI`, `image` (the machine's image had it) or `running` (it ran already).",
  }),
  sha256: z.string().regex(/^[0-9a-f]{64}$/).nullable().meta({
    description:
      "SHA-256 of the fetched file, which was that of its publisher; of Python packages that of the list of all with their hashes. Null: nothing was fetched.",
  }),
}).meta({ id: "RuntimeInstall", description: "How the engine came to its machine." });

export type RuntimeInstall = z.infer<typeof RuntimeInstall>;
