// How the engine that was measured came to its machine: what was asked for, what was taken, where it came from.
import { z } from "zod";

export const RuntimeInstall = z.object({
  asked: z.string().nullable().meta({
    description:
      "Version that the matrix asked for, or `latest`; null: none, the usual one of the almanac's release.",
  }),
  version: z.string().nullable().meta({
    description: "Version that was taken; null where the machine's image had one and none was asked for.",
  }),
  source: z.string().meta({
    description:
      "Where it came from: a file's address, `PyPI`, `image` (the machine's image had it) or `running` (it ran already).",
  }),
  sha256: z.string().nullable().meta({
    description:
      "SHA-256 of the fetched file, which was that of its publisher; of Python packages that of the list of all with their hashes. Null: nothing was fetched.",
  }),
}).meta({ id: "RuntimeInstall", description: "How the engine came to its machine." });

export type RuntimeInstall = z.infer<typeof RuntimeInstall>;
