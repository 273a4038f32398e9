// What a build of the data left in data/export: whoever goes on with it or shows it takes these files and no others.
import { z } from "zod";

/** Its name in data/export. */
export const BUILD_RECORD = ".built";

export const BuildRecord = z.strictObject({
  version: z.string().meta({ description: "Of the code that built it." }),
  files: z.record(z.string(), z.tuple([z.int(), z.number()])).meta({
    description: "Every file by its path, with its size in bytes and when it was changed, ms since 1970.",
  }),
  evidence: z.record(z.string(), z.string()).meta({
    description:
      "Every directory of evidence that it saw, `<run>/<entry>`, with a digest over its seal and the names, sizes and times of its files.",
  }),
}).meta({ id: "BuildRecord", description: ".built: what a build of the data left." });

export type BuildRecord = z.infer<typeof BuildRecord>;

/** Whether a file lies below `data/` on the site; the JSON and the schemas keep their paths. */
export function isData(path: string): boolean {
  return !/^(api|schema)\//.test(path);
}
