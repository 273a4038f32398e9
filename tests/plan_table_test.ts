// What a user reads before saying yes to a plan, and after the run: names, numbers, and what was left out or failed and why.
import { deepEqual, equal, match, ok } from "node:assert/strict";
import {
  byReason,
  renderCost,
  renderHandedOver,
  renderInstalls,
  renderListed,
  renderModels,
  renderOutcome,
  renderPlan,
  type ShownPlan,
} from "../pipeline/query/plan.ts";
import { foldJournal } from "../pipeline/schema/fold.ts";
import type { Cost, CostSplit } from "../pipeline/schema/ledger.ts";
import { EngineChoice } from "../pipeline/schema/matrix.ts";
import { RELEASES } from "../pipeline/schema/releases.ts";
import { entry, journal } from "./fixtures.ts";
import { offer, time } from "./rented_fixtures.ts";

const shownLease = (id: string, changes: Partial<ShownPlan["leases"][number]> = {}) => ({
  id,
  gpu: "RTX 4090",
  gpu_count: 1,
  sittings: [{ entries: ["a", "b"] }, { entries: ["c"] }],
  offer: offer({ price_per_hour: 0.36 }),
  hours: 0.51,
  usd: 0.18,
  max_usd: 0.37,
  ...changes,
});
const left = (id: string, reason: string) => ({ entry: { id }, reason });
const plan = (changes: Partial<ShownPlan>): ShownPlan => ({
  leases: [],
  left: [],
  usd: 0,
  max_usd: 0,
  hours: 0,
  ...changes,
});

/** The cells of a rendered table, without borders; then the lines below it. */
function read(text: string): { rows: string[][]; below: string[] } {
  const lines = text.trimEnd().split("\n");
  const rows = lines.filter((line) => line.startsWith("│"))
    .map((line) => line.split("│").slice(1, -1).map((cell) => cell.trim()));
  return { rows, below: lines.filter((line) => !/^[┌│├└]/.test(line)) };
}

Deno.test("a plan shows each lease with entries, place, price and dollars, and the sums it is agreed to by", () => {
  const text = renderPlan(
    plan({
      leases: [
        shownLease("vastai-rtx-4090"),
        shownLease("runpod-l4", {
          sittings: [{ entries: ["d"] }],
          offer: offer({ provider: "runpod", location: null, host: null, price_per_hour: 1.2345 }),
          hours: 1,
          usd: 1.2345,
          max_usd: 2.469,
        }),
      ],
      usd: 1.4145,
      max_usd: 2.839,
      hours: 1.04,
    }),
    0,
  );
  deepEqual(read(text), {
    rows: [
      ["lease", "entries", "where", "$/h", "hours", "about $", "most $"],
      ["vastai-rtx-4090", "3", "Hesse", "0.360", "0.5", "0.18", "0.37"],
      ["runpod-l4", "1", "RunPod", "1.234", "1.0", "1.23", "2.47"],
    ],
    below: ["2 leases for 4 entries: about $1.41, at most $2.84, about 1.0 hours"],
  });
});

Deno.test("what a resumed run has spent before is told beside what it will cost", () => {
  const one = plan({
    leases: [shownLease("l", { sittings: [{ entries: ["a"] }] })],
    usd: 0.1,
    max_usd: 0.2,
    hours: 2,
  });
  deepEqual(read(renderPlan(one, 0.456)).below, [
    "1 lease for 1 entry: about $0.10, at most $0.20, about 2.0 hours; $0.46 were spent before",
  ]);
  deepEqual(read(renderPlan(one, 0)).below, [
    "1 lease for 1 entry: about $0.10, at most $0.20, about 2.0 hours",
  ]);
});

Deno.test("a machine without a price shows a dash, not a zero", () => {
  const own = offer({ provider: "local", price_per_hour: null, location: null, host: "local" });
  const { rows } = read(
    renderPlan(plan({ leases: [shownLease("local-any", { offer: own, usd: 0, max_usd: 0 })] }), 0),
  );
  deepEqual(rows[1]?.slice(2, 4), ["local", "–"]);
});

Deno.test("what is left out is told once a reason, by its name when it is alone and by number when not", () => {
  const omitted = [left("a", "too large"), left("b", "no key"), left("c", "too large")];
  deepEqual(byReason(omitted), ["2 entries: too large", "b: no key"]);
  equal(
    renderPlan(plan({ left: omitted }), 0),
    "Nothing can be worked on.\n3 entries are left out:\n  2 entries: too large\n  b: no key\n",
  );
  match(
    renderPlan(plan({ leases: [shownLease("l")], left: [left("a", "r")] }), 0),
    /\n1 entry is left out:\n {2}a: r\n$/,
  );
});

Deno.test("a plan of many leases with long names and places stays within 80 columns, and its numbers whole", () => {
  const leases = Array.from(
    { length: 30 },
    (_, n) =>
      shownLease(`tensordock-8x-${"long-name-".repeat(5)}${n}`, {
        offer: offer({ location: "Somewhere far away in a place with a long name", price_per_hour: 123.456 }),
        usd: 1234.56,
        max_usd: 9999.99,
        hours: 47.9,
      }),
  );
  const { rows } = read(renderPlan(plan({ leases, usd: 37036.8, max_usd: 299999.7, hours: 1437 }), 0, 80));
  for (const line of renderPlan(plan({ leases }), 0, 80).split("\n").slice(0, -2)) {
    ok(line.length <= 80, line);
  }
  for (const row of rows.slice(1)) deepEqual(row.slice(3), ["123.456", "47.9", "1234.56", "9999.99"]);
});

Deno.test("at 40 columns a plan still tells which lease costs what, and no line of it is longer", () => {
  const table = renderPlan(plan({ leases: [shownLease("vastai-2x-rtx-4090")] }), 0, 40);
  const lines = table.split("\n").filter((line) => /^[│┌├└]/.test(line));
  ok(lines.every(({ length }) => length <= 40), table);
  ok(table.includes("vastai-2"), table);
  const { rows } = read(table);
  deepEqual(rows[0]?.slice(1), ["$/h", "about $", "most $"]);
});

Deno.test("each model has a line with its size, what it needs and who may read it, in columns, and what is not known is said", () => {
  const model = (name: string, weights_gb: number | null, needed_gib: number | null, words: string) => ({
    name,
    weights_gb,
    needed_gib,
    words,
  });
  equal(
    renderModels([
      model("meta-llama/Llama-3.1-8B-Instruct", 16.06, 17.94, "gated, your token may read it"),
      model("a/b\u001b[2J", 141.1, 134.9, ""),
      model("somebody/else", null, null, "not checked"),
    ]),
    `meta-llama/Llama-3.1-8B-Instruct  16.1 GB   needs 17.9 GiB     gated, your token may read it
a/b?[2J                           141.1 GB  needs 134.9 GiB
somebody/else                     size not known, not checked
`,
  );
  equal(renderModels([]), "");
});

Deno.test("a plan tells what it installs and in which version, once each, and nothing of engines that run already", () => {
  const lease = (provider: "vastai" | "ssh", ...engines: Partial<EngineChoice>[]) => ({
    offer: { provider },
    sittings: engines.map((engine) => ({ entries: [{ engine: EngineChoice.parse(engine) }] })),
  });
  const { ollama } = RELEASES;
  equal(
    renderInstalls([
      lease("vastai", { name: "ollama" }, { name: "ollama" }, { name: "vllm", version: "0.32.0" }),
      lease("vastai", { name: "sglang", version: "latest" }, {
        name: "openai",
        url: "http://127.0.0.1:8000",
      }),
      lease("ssh", { name: "llama.cpp", version: "b1" }),
    ], RELEASES),
    `Installed: ollama ${ollama.version} unless the image has one, vllm 0.32.0, the newest sglang of that time\n`,
  );
  equal(renderInstalls([lease("ssh", { name: "ollama" })], RELEASES), "");
});

Deno.test("a variable that goes to strangers' hosts is told with the providers it goes to, once", () => {
  const lease = (provider: "vastai" | "runpod" | "lambda", env: string[] | undefined) => ({
    offer: { provider },
    sittings: [{ entries: [{ engine: EngineChoice.parse({ name: "vllm", env }) }] }],
  });
  const token = ["HF_TOKEN"];
  equal(
    renderHandedOver([
      lease("vastai", token),
      lease("runpod", token),
      lease("vastai", token),
      lease("lambda", token),
    ]),
    "HF_TOKEN is given to machines of Vast.ai, RunPod, whose hosts can read it: use a read-only token made for this\n",
  );
  equal(renderHandedOver([lease("lambda", token), lease("vastai", undefined)]), "");
});

Deno.test("list prices are told with the reason why each provider was not asked", () => {
  equal(renderListed(new Map()), "");
  const told = renderListed(new Map([["vastai", "VASTAI_API_KEY is not set: Vast.ai cannot be asked"]]));
  match(told, /^"list" and a day: .*\n {2}VASTAI_API_KEY is not set: Vast\.ai cannot be asked\n$/);
});

const split: CostSplit = { boot: 0.03, pull: 0.004, load: 0, measure: 0.06, idle: 0.005, failed: 0.0249 };
const cost: Cost = { usd: 0.1239, split, by_entry: new Map() };

Deno.test("the cost tells what the money was spent on, without what nothing was spent on", () => {
  equal(
    renderCost(cost),
    "Cost $0.124: boot $0.030, pull $0.004, measure $0.060, idle $0.005, failed $0.025\n",
  );
  const nothing = { boot: 0, pull: 0, load: 0, measure: 0, idle: 0, failed: 0 };
  equal(renderCost({ usd: 0, split: nothing, by_entry: new Map() }), "");
});

Deno.test("the end of a run shows every entry with result, speed and cost, then each reason with its stage, then the cost", () => {
  const at = time(0);
  const lines = journal(
    {
      event: "run",
      at,
      run_id: "r",
      matrix: "m",
      entries: ["good", "bad", "out", "open"].map((id) => entry(id)),
    },
    { event: "success", at, entry_id: "good", raw_dir: "r/good", tokens_per_second: 52.345 },
    {
      event: "failed",
      at,
      entry_id: "bad",
      stage: "load",
      code: "pull_failed",
      reason: "Cannot pull m. Look at what the engine says.",
      raw_dir: null,
    },
    { event: "skipped", at, entry_id: "out", code: "no_offer", reason: "there is no offer" },
  );
  const rows = foldJournal(lines).map((row) =>
    row.entry_id === "good" ? { ...row, total_cost: 0.0515 } : row
  );
  deepEqual(read(renderOutcome(rows, cost)), {
    rows: [
      ["entry", "result", "tok/s", "$"],
      ["good", "success", "52.3", "0.051"],
      ["bad", "failed at load", "–", "–"],
      ["out", "skipped", "–", "–"],
      ["open", "pending", "–", "–"],
    ],
    below: [
      "bad: failed at load: Cannot pull m. Look at what the engine says.",
      "out: skipped: there is no offer",
      "Cost $0.124: boot $0.030, pull $0.004, measure $0.060, idle $0.005, failed $0.025",
    ],
  });
});
