// The specification's directory: results.jsonl, metadata.json, gpu.csv and what our agent adds. Taken in verbatim.
import { join } from "node:path";
import { exists } from "../lib/files.ts";
import type { Importer } from "./importer.ts";

const KEPT = /^((results|chunks|server)\.jsonl|(metadata|calibration|canary)\.json|gpu\.csv|[\w.-]+\.log)$/;

export const almanac: Importer = {
  name: "almanac",
  origin: "measured",

  async recognises(dir) {
    return await exists(join(dir, "results.jsonl")) || await exists(join(dir, "metadata.json"));
  },

  async convert(dir, out) {
    for await (const item of Deno.readDir(dir)) {
      if (item.isFile && KEPT.test(item.name)) {
        await Deno.copyFile(join(dir, item.name), join(out, item.name));
      }
    }
  },
};
