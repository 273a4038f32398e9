// Reasons of the whole run: what is left out before anything is rented, and what ends it: money, time, an account, somebody.
import { deepEqual, equal, fail, match, ok, rejects } from "node:assert/strict";
import { join } from "node:path";
import { providers } from "../../pipeline/providers/mod.ts";
import { readRun } from "../../pipeline/run/journal.ts";
import { sweep } from "../../pipeline/run/sweep.ts";
import type { World } from "../../pipeline/run/world.ts";
import { type Reply, type Script, scripted } from "../cloud/server.ts";
import { stockOf } from "../cloud/stock.ts";
import { noMoreSearches, TOO_MANY } from "../cloud/vastai.ts";
import { jobOf, startController } from "../faults/controller_process.ts";
import { setStage, type Stage, worldWith } from "../faults/stage.ts";
import {
  type Ended,
  ended,
  ENOUGH,
  evidenceOf,
  first,
  keptOf,
  LONG,
  OFFERS,
  retried,
  run,
  skipAt,
  stageWith,
  succeeded,
  TEST,
  tidy,
} from "./trial.ts";

const error = (name: string, status: number): Reply => ({
  status,
  json: { success: false, error: name, msg: name },
});
const creates = ({ stage }: Ended) =>
  stage.cloud("vastai").asked.filter(({ verb }) => verb === "create").length;

/** Two leases at Vast.ai, one after the other, and one at TensorDock. */
function twoAccounts(script: Script): Promise<Stage> {
  return setStage({
    clouds: {
      vastai: { stock: [...OFFERS, stockOf("3", "RTX 3090")], script },
      tensordock: { stock: [stockOf("t", "RTX 4090", { host: "t" })] },
    },
    tests: [
      { ...TEST, gpus: ["RTX 4090", "RTX 3090"] },
      { ...TEST, providers: ["tensordock"] },
    ],
  });
}

/** Both leases at Vast.ai end for the same reason, one create was sent, and TensorDock's entry goes on. */
async function leavesProvider(stage: Stage, told: Parameters<typeof ended>[2]): Promise<void> {
  const result = await run(stage, {}, { parallel: 1 });
  const [cheap, dear, other] = [...result.rows].sort((a, b) => b.provider.localeCompare(a.provider));
  ended(result, cheap, told);
  ended(result, dear, told);
  equal(other?.status, "success", result.said.join("\n"));
  equal(creates(result), 1);
  tidy(result);
}

Deno.test("[no_key] a provider whose key is not set is left out by the variable's name, and the others go on", async () => {
  await using stage = await setStage({
    clouds: { vastai: { stock: OFFERS } },
    tests: [{ ...TEST, providers: ["vastai", "tensordock"] }],
  });
  const { vastai } = providers;
  const { url, login, cloud } = stage.cloud("vastai");
  const kinds: World["kinds"] = {
    ...providers,
    vastai: { ...vastai, open: (opening) => vastai.open({ ...opening, simulated: { url, login } }) },
  };
  const world = {
    ...worldWith({}, stage.pace),
    kinds,
    simulated: null,
    env: (name: string) => name === "VASTAI_API_KEY" ? cloud.key : undefined,
  };
  const result = await run(stage, {}, { world });
  const [measured, left] = result.rows;
  await succeeded(result, measured, "1", 1);
  const found = /TENSORDOCK_API_KEY is not set: TensorDock cannot be asked/;
  ended(result, left, { code: "no_key", at: "provision", found });
  tidy(result);
});

Deno.test("[no_variable] a variable that is handed to the engine and is not set is named, and nothing is rented for it", async () => {
  await using stage = await stageWith({}, { engines: [{ name: "ollama", env: ["HF_TOKEN"] }, "ollama"] });
  // A file of variables that has lost its value leaves its line end.
  const world = { ...worldWith(stage.simulated, stage.pace), env: () => " \n" };
  const result = await run(stage, {}, { world });
  const [left, measured] = result.rows;
  const found = /HF_TOKEN is not set: the matrix hands it to ollama/;
  ended(result, left, { code: "no_variable", at: "provision", found });
  await succeeded(result, measured, "1", 1);
  tidy(result);
});

Deno.test("[no_offer] what nobody offers is left out, and the rest of the matrix goes on", async () => {
  await using stage = await stageWith({}, { gpus: ["RTX 3090", "RTX 4090"] });
  const result = await run(stage);
  const [left, measured] = result.rows;
  ended(result, left, {
    code: "no_offer",
    at: "provision",
    found: /there is no offer for RTX 3090 at Vast\.ai/,
  });
  await succeeded(result, measured, "1", 1);
  tidy(result);
});

Deno.test("[price_above_cap] the cheapest price is told beside the cap, and nothing is rented", async () => {
  await using stage = await stageWith({}, { offers: { max_price_per_hour: 0.3 } });
  const result = await run(stage);
  const found = /the cheapest RTX 4090 at Vast\.ai costs \$0\.400 an hour, the cap is \$0\.3/;
  ended(result, result.rows[0], { code: "price_above_cap", at: "provision", found });
  equal(creates(result), 0);
  tidy(result);
});

Deno.test("[does_not_fit] a model that is too large for the GPU is left out with both sizes, before anything is rented", async () => {
  await using stage = await stageWith({}, { models: ["llama3.1:70b"] });
  const result = await run(stage);
  const found = /llama3\.1:70b needs \d+\.\d GiB with its context, RTX 4090 has 24\.0 GiB/;
  ended(result, result.rows[0], { code: "does_not_fit", at: "provision", found });
  equal(creates(result), 0);
  tidy(result);
});

Deno.test("[engine_not_there] an engine that cannot be brought to a rented machine is left out", async () => {
  await using stage = await stageWith({}, { engines: [{ name: "openai", url: "http://127.0.0.1:9" }] });
  const result = await run(stage);
  const found = /openai at http:\/\/127\.0\.0\.1:9 cannot be brought to a machine of Vast\.ai/;
  ended(result, result.rows[0], { code: "engine_not_there", at: "provision", found });
  tidy(result);
});

Deno.test("[bad_key] a key that is refused from the start leaves the provider, and another provider's entries go on", async () => {
  await using stage = await twoAccounts(() => undefined);
  const wrong = { ...stage.cloud("vastai"), key: "wrong-key-71c2" };
  const simulated = { ...stage.simulated, vastai: wrong };
  const result = await run({ ...stage, simulated });
  const found = /Cannot \S+.* at Vast\.ai: it answered 404: .*auth_error/;
  for (const row of result.rows.filter(({ provider }) => provider === "vastai")) {
    ended(result, row, { code: "bad_key", at: "provision", found });
  }
  equal(result.rows.find(({ provider }) => provider === "tensordock")?.status, "success");
  ok(!JSON.stringify([result.lines, result.said]).includes(wrong.key));
  equal(stage.present(), 0);
});

Deno.test("[bad_key] a key that is withdrawn while the run goes on ends all creates at that provider", async () => {
  await using stage = await twoAccounts(scripted({ create: { 0: { reply: error("auth_error", 404) } } }));
  const found = /Cannot rent offer \d at Vast\.ai: it answered 404: .*auth_error/;
  await leavesProvider(stage, { code: "bad_key", at: "provision", found });
});

Deno.test("[no_credit] an account without credit ends all creates at that provider", async () => {
  await using stage = await twoAccounts(
    scripted({ create: { 0: { reply: error("missing_billing", 400) } } }),
  );
  const found = /Cannot rent offer \d at Vast\.ai: it answered 400: .*missing_billing/;
  await leavesProvider(stage, { code: "no_credit", at: "provision", found });
});

Deno.test("[quota] an account's limit ends all creates at that provider", async () => {
  await using stage = await twoAccounts(
    scripted({ create: { 0: { reply: error("spend_rate_limit", 400) } } }),
  );
  const found = /Cannot rent offer \d at Vast\.ai: it answered 400: .*spend_rate_limit/;
  await leavesProvider(stage, { code: "quota", at: "provision", found });
});

Deno.test("[quota] searches of a day that are used up are told with the time of their reset, and what was found before goes on", async () => {
  const reply = noMoreSearches(Date.UTC(2026, 11, 1) / 1000);
  const isSecond: Script = (verb, _n, { body }) =>
    verb === "offers" && JSON.stringify(body).includes("RTX 3090") ? { reply } : undefined;
  await using stage = await stageWith({ script: isSecond }, { gpus: ["RTX 4090", "RTX 3090"] });
  const result = await run(stage);
  const [measured, left] = result.rows;
  await succeeded(result, measured, "1", 1);
  equal(left?.failure_code, "quota", result.said.join("\n"));
  match(
    left?.failure_reason ?? "",
    /Cannot search offers at .*; its searches count anew at 2026-12-01 00:00 UTC/,
  );
  const refused = stage.cloud("vastai").asked.filter(({ status }) => status === 429);
  equal(refused.length, 1);
  tidy(result);
});

Deno.test("[rate_limited] a provider that answers 429 however long one waits ends the entry, with nothing made", async () => {
  const reply = TOO_MANY[3] ?? {};
  await using stage = await stageWith({ script: scripted({ create: { 0: { reply } } }) });
  const result = await run(stage);
  const found = /Cannot rent offer 1 at Vast\.ai: it answered 429: .*rate_limit_exceeded/;
  ended(result, result.rows[0], { code: "rate_limited", at: "provision", found });
  ok(creates(result) >= 25);
  equal(stage.cloud("vastai").cloud.machines.size, 0);
  tidy(result);
});

Deno.test("[provider_unavailable] a provider that is down from the start is told, and another provider's entries go on", async () => {
  await using stage = await twoAccounts((verb) =>
    verb === "list" ? { reply: { status: 503, text: "upstream connect error" } } : undefined
  );
  const result = await run(stage);
  const found = /Cannot list the machines at Vast\.ai: it answered 503: upstream connect error/;
  for (const row of result.rows.filter(({ provider }) => provider === "vastai")) {
    ended(result, row, { code: "provider_unavailable", at: "provision", found });
  }
  equal(result.rows.find(({ provider }) => provider === "tensordock")?.status, "success");
  equal(creates(result), 0);
  tidy(result);
});

Deno.test("[provider_unavailable] offers that cannot be read are asked for again and again, and then an offer is taken", async () => {
  const reply = { text: "<html>Bad gateway</html>" };
  const bad = { 2: { reply }, 3: { reply } };
  await using stage = await stageWith({ script: scripted({ offers: bad }) });
  // What was found when it was planned is no longer believed.
  const result = await run(stage, skipAt("  provision", 301));
  const found = /Cannot search offers at Vast\.ai: its answer has not the form it should have/;
  equal(retried(result, { code: "provider_unavailable", at: "provision", found }), 2);
  await succeeded(result, result.rows[0], "1", 1);
  tidy(result);
});

Deno.test("[over_budget] a budget that pays for one lease alone measures that, and skips the other with the sums", async () => {
  await using stage = await stageWith(
    { stock: [...OFFERS, stockOf("3", "RTX 3090", { price_per_hour: 0.2 })] },
    { gpus: ["RTX 4090", "RTX 3090"] },
  );
  const result = await run(stage, {}, { limits: { max_usd: 0.06, max_hours: null } });
  const [dear, cheap] = result.rows;
  await succeeded(result, cheap, "3", 1);
  const found =
    /about \$0\.0\d are needed; of \$0\.06 are \$0\.0\d spent and \$0\.0\d promised to other leases/;
  ended(result, dear, { code: "over_budget", at: "provision", found });
  tidy(result);
});

Deno.test("[over_budget] what was planned costs more than thought: the run ends, and what was measured is kept", async () => {
  // Traffic is what costs here, and the second machine pulls the model again.
  const stock = OFFERS.map((offer) => ({ ...offer, price_per_hour: 0.011 }));
  await using stage = await stageWith({ stock, machines: first({ engine: { cudaErrorAfter: 4 } }) }, ENOUGH);
  const result = await run(stage, {}, { limits: { max_usd: 0.02, max_hours: null } });
  equal(
    result.outcome.stopped instanceof Error && "code" in result.outcome.stopped &&
      result.outcome.stopped.code,
    "over_budget",
  );
  const [row] = result.rows;
  deepEqual([row?.status, row?.failure_code], ["failed", "over_budget"], result.said.join("\n"));
  match(row?.failure_reason ?? "", /Cannot go on: \$0\.02 are spent, or needed to end the machines/);
  ok((await evidenceOf(stage, keptOf(result))).requests >= 4);
  ok(result.outcome.cost.usd < 0.035);
  tidy(result);
});

Deno.test("[over_budget] a budget that pays for nothing is refused before anything is rented", async () => {
  await using stage = await stageWith({});
  await rejects(run(stage, {}, { limits: { max_usd: 0.001, max_hours: null } }), {
    message: /Cannot begin: the cheapest lease costs about \$0\.0\d, --max-usd is 0\.001/,
    exitCode: 4,
  });
  equal(stage.present(), 0);
});

Deno.test("[lease_deadline] a lease that reaches its hard deadline ends, with what was measured until then", async () => {
  await using stage = await stageWith({}, {
    workloads: [{ ...LONG.workloads[0], duration_seconds: 60 }],
    offers: { max_hours: 0.15 },
  });
  const result = await run(stage);
  const found = /Cannot go on with vastai-rtx-4090: its machine reached its deadline/;
  ended(result, result.rows[0], { code: "lease_deadline", at: "benchmark", found });
  equal((await evidenceOf(stage, result.rows[0]?.raw_dir ?? "")).complete, false);
  equal(result.machines.length, 1);
  tidy(result);
});

Deno.test("[total_deadline] a run that has had its hours ends, with what was measured until then", async () => {
  await using stage = await stageWith({}, { workloads: [{ ...LONG.workloads[0], duration_seconds: 60 }] });
  const result = await run(stage, {}, { limits: { max_usd: null, max_hours: 0.15 } });
  const [row] = result.rows;
  deepEqual([row?.status, row?.failure_code, row?.failure_stage], ["timeout", "total_deadline", "benchmark"]);
  match(row?.failure_reason ?? "", /Cannot go on: the run has had its 0\.15 hours/);
  equal((await evidenceOf(stage, row?.raw_dir ?? "")).complete, false);
  tidy(result);
});

Deno.test("[interrupted] a controller that is killed is closed by the next sweep: machines end, entries are told", async () => {
  await using stage = await stageWith({});
  const { paths, pace, simulated: clouds } = stage;
  const controller = await startController(
    jobOf(stage, { kill: { line: '"event":"ready"', when: "after" } }),
  );
  await controller.stderr.cancel();
  equal((await controller.status).signal, "SIGKILL");
  equal(stage.present(), 1);
  const { leftovers } = await sweep({
    paths,
    world: worldWith(clouds, pace),
    log: { info: () => undefined, warn: () => undefined },
    signal: new AbortController().signal,
    deployment: null,
    destroy: true,
    isRunning: false,
  });
  deepEqual([leftovers, stage.present()], [[], 0]);
  const [run_id] = (await Array.fromAsync(Deno.readDir(paths.runs))).flatMap(({ name, isDirectory }) =>
    isDirectory ? [name] : []
  );
  const { rows } = await readRun(join(paths.runs, run_id ?? ""), fail);
  deepEqual([rows[0]?.status, rows[0]?.failure_code], ["failed", "interrupted"]);
  match(rows[0]?.failure_reason ?? "", /The run ended without a word\. Measure it with --resume\./);
});
