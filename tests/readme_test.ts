// What the README prints must hold: its matrices, loads, limits and counts, as the schemas and the data have them.
import { deepEqual, equal, ok } from "node:assert/strict";
import { join } from "node:path";
import { pathsOf } from "../pipeline/paths.ts";
import { LEAST_CALIBRATED_SECONDS } from "../pipeline/schema/calibration.ts";
import { Hosts } from "../pipeline/schema/hosts.ts";
import { ARRIVALS, Load } from "../pipeline/schema/load.ts";
import { LADDER, LONGEST } from "../pipeline/schema/load_limits.ts";
import { Matrix } from "../pipeline/schema/matrix.ts";
import { parseSlo } from "../pipeline/schema/slo.ts";
import { PublishedFile } from "../pipeline/schema/summary.ts";

const { repository } = pathsOf();
const readme = await Deno.readTextFile(join(repository, "README.md"));
const prose = readme.replaceAll(/\s+/g, " ");
const blocks = readme.split("```json\n").slice(1).map((rest) => rest.split("```")[0]?.trim() ?? "");

/** The form that a block is meant for; one that begins with `"workloads"` is a part of a matrix. */
function faultOf(block: string): unknown {
  if (block.startsWith('"workloads"')) {
    const { workloads } = JSON.parse(`{${block}}`);
    const test = { engines: ["vllm"], models: ["m"], workloads };
    return Matrix.safeParse({ name: "part", tests: [test] }).error;
  }
  const value = JSON.parse(block);
  return ("hosts" in value ? Hosts : Matrix).safeParse(value).error;
}

for (const block of blocks) {
  Deno.test(`the README's JSON can be used as printed: ${block.slice(0, 40).replaceAll(/\s+/g, " ")}`, () => {
    equal(faultOf(block), undefined);
  });
}

Deno.test("the README's loads can be used as printed, and none is missing", () => {
  const loads = [...readme.matchAll(/^\| `(\{"kind": .*?\})`/gm)].map(([, text]) => JSON.parse(text ?? ""));
  for (const load of loads) equal(Load.safeParse(load).error, undefined, JSON.stringify(load));
  deepEqual(
    new Set(loads.map(({ kind }) => kind)),
    new Set(["ladder", ...ARRIVALS.filter((arrival) => arrival !== "closed")]),
  );
});

Deno.test("the README's limits of speed are understood", () => {
  const limits = [...readme.matchAll(/--slo (\S+)/g)].map(([, text]) => parseSlo(text ?? ""));
  ok(limits.length >= 2);
  for (const limit of limits) ok(!("fault" in limit), JSON.stringify(limit));
});

Deno.test("the README tells the limits of a ladder, of a window that goes on and of a calibration", () => {
  ok(prose.includes(`two doublings gain less than ${100 * LADDER.gain} %`));
  ok(prose.includes(`before the first window of ${LEAST_CALIBRATED_SECONDS} s or more`));
  equal(LONGEST, 5);
  ok(prose.includes("at most five times as long as planned"));
});

Deno.test("the README counts the published results, their models and GPUs", async () => {
  const folder = join(repository, "data", "published");
  const results = [];
  for await (const { name } of Deno.readDir(folder)) {
    results.push(...PublishedFile.parse(JSON.parse(await Deno.readTextFile(join(folder, name)))).results);
  }
  const count = (names: (string | undefined)[]) => new Set(names).size;
  deepEqual(
    [
      results.length,
      count(results.map(({ model }) => model.name)),
      count(results.map(({ hardware }) => hardware.gpu_name)),
    ],
    [23, 6, 8],
  );
  ok(prose.includes("23 published results of six models on eight GPUs"));
});
