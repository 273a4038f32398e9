// Rented machines as a user without an account meets them: the demo, its plan, and what is refused before anything is rented.
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { join } from "node:path";
import type { BenchmarkList } from "../../pipeline/schema/api.ts";
import { SIMULATED } from "../../pipeline/schema/mark.ts";
import { temporaryRoot } from "../fixtures.ts";
import { cli, matrixFile, rawFolders, startWith } from "./cli.ts";

const VLLM_MODEL = "Qwen/Qwen2.5-14B-Instruct-AWQ";

Deno.test("the demo rents machines with one GPU and with two, measures over SSH, gives back, builds and ranks; all of it is marked simulated", async () => {
  await using root = await temporaryRoot();
  const { paths } = root;
  const { code, out, err } = await cli("run-matrix", "runs/demo.json", "--root", paths.root);
  equal(code, 3, err);
  match(out, /6 leases for 9 entries: about \$/);
  match(err, /trying elsewhere: offer_gone at provision/);
  match(err, /trying elsewhere: wrong_gpu at setup/);
  equal(out.match(/│ success │/g)?.length, 9);
  ok(out.includes(SIMULATED), out);
  match(out, /rtx-3090\S*: skipped: deepseek-r1:70b needs \S+ GiB/);
  match(out, /^Cost \$\d+\.\d+: boot \$.*, failed \$/m);
  equal((await rawFolders(paths.raw)).length, 9);
  const machines = (await Deno.readTextFile(join(paths.exported, "machines.csv"))).trim().split("\n").slice(
    1,
  );
  equal(machines.filter((line) => /,gone,.*,done,.*,false,.*,qwen2:1\.5b,/.test(line)).length, 4);
  equal(machines.filter((line) => /,gone,.*,wrong_gpu,.*,true,/.test(line)).length, 1);
  const { benchmarks }: BenchmarkList = JSON.parse(
    await Deno.readTextFile(join(paths.api, "benchmarks.json")),
  );
  deepEqual(new Set(benchmarks.map(({ origin }) => origin)), new Set(["simulated"]));
  equal(benchmarks.length, 27);
  const best = await cli("benchmarks", "best", "--model", VLLM_MODEL, "--root", paths.root);
  match(best.out, /^gpu +2 × RTX 4090$/m);
  ok(best.out.endsWith(`${SIMULATED}\n`), best.out);
  const slo = await cli(
    "benchmarks",
    "cheapest",
    "--model",
    VLLM_MODEL,
    "--slo",
    "relaxed",
    "--root",
    paths.root,
  );
  equal(slo.code, 0, slo.err);
  await eachCardIsItsOwn(paths.raw);
  match(await Deno.readTextFile(join(paths.siteDist, "choose.html")), /Simulated: every figure/);
  const { out: status } = await cli("status", "--root", paths.root);
  match(status, /│ gone +│/);
  ok(!/│ (intent|requested|starting|ready|destroying) +│/.test(status), status);
});

/** Two cards with ids, power and a link of their own; what a result tells of their power is the sum. */
async function eachCardIsItsOwn(raw: string): Promise<void> {
  const folder = (await rawFolders(raw)).find((path) => path.includes("vastai-2x-rtx-4090")) ?? "";
  const [head = "", ...lines] = (await Deno.readTextFile(join(folder, "gpu.csv"))).trim().split("\n");
  const column = (name: string) => head.split(",").indexOf(name);
  const of = (name: string) => new Set(lines.map((line) => line.split(",")[column(name)]?.trim()));
  deepEqual(of("gpu_index"), new Set(["0", "1"]));
  equal(of("gpu_uuid").size, 2);
  deepEqual(of("pcie_width"), new Set(["16", "4"]));
  ok(of("power_w").size >= 4, "each card draws its own at rest and at work");
}

Deno.test("the plan of the demo shows leases, order, dollars and hours, and writes nothing", async () => {
  await using root = await temporaryRoot();
  const { code, out, err } = await cli("plan", "runs/demo.json", "--root", root.paths.root);
  equal(code, 0, err);
  match(out, /│ lambda-h100 +│ +1 │ us-west-1 +│ 2\.490 │/);
  match(out, /Installed: ollama 0\.12\.9-simulated unless the image has one/);
  match(out, /2 entries are left out:\n {2}vastai-rtx-3090/);
  const names = await Array.fromAsync(Deno.readDir(root.paths.root));
  deepEqual(names.map(({ name }) => name), ["data"]);
});

Deno.test("a missing key names its variable and leaves the other providers running", async () => {
  await using root = await temporaryRoot();
  const matrix = await matrixFile(root.paths.root, {
    providers: ["vastai", "tensordock", "runpod", "lambda"],
    gpus: ["RTX 4090"],
    engines: ["ollama"],
    models: ["qwen2:7b"],
    workloads: [{}],
  });
  const none = { VASTAI_API_KEY: "", TENSORDOCK_API_KEY: " ", RUNPOD_API_KEY: "", LAMBDA_API_KEY: "" };
  const { code, out } = await startWith(none, "plan", matrix, "--root", root.paths.root).ended;
  equal(code, 0);
  for (const name of Object.keys(none)) ok(out.includes(`${name} is not set`), out);
});

Deno.test("a budget that does not pay for the first lease is said before anything is rented", async () => {
  await using root = await temporaryRoot();
  const { paths } = root;
  const { code, err } = await cli("run-matrix", "runs/demo.json", "--max-usd", "0.01", "--root", paths.root);
  equal(code, 4);
  match(err, /Cannot begin: the cheapest lease costs about \$0\.\d\d, --max-usd is 0\.01/);
  equal((await Array.fromAsync(Deno.readDir(paths.runs))).filter(({ isDirectory }) => isDirectory).length, 0);
});

Deno.test("a sweep takes no name that is not a deployment's", async () => {
  await using root = await temporaryRoot();
  const { code, err } = await cli("sweep", "--deployment", "everything", "--root", root.paths.root);
  equal(code, 2);
  match(err, /Cannot sweep "everything": it names no deployment/);
});
