// One client's calibration in a process of its own, as JSON: deno run levels.ts agent|fetch LEVELS SECONDS
import { calibrate } from "../../../pipeline/calibrate/mod.ts";
import { plainFetch } from "./plain_fetch.ts";

const [name, levels = "", seconds] = Deno.args;
const calibration = await calibrate({
  levels: levels.split(",").map(Number),
  seconds: Number(seconds),
  signal: new AbortController().signal,
  onLevel: ({ streams }) => Deno.stderr.writeSync(new TextEncoder().encode(`${name}: ${streams} streams\n`)),
  ...(name === "fetch" ? { client: plainFetch } : {}),
});
Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify(calibration)));
