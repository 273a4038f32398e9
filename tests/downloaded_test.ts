// What a machine says it downloaded counts, and costs, as far as it can be true.
import { deepEqual, equal, rejects, throws } from "node:assert/strict";
import { believedBytes } from "../pipeline/plan/downloaded.ts";
import { codeOf } from "../pipeline/schema/failures.ts";
import { nothingKnown } from "../pipeline/schema/model_facts.ts";
import type { Leased, StageContext } from "../pipeline/stages/context.ts";
import { load } from "../pipeline/stages/load.ts";
import type { Ready } from "../pipeline/stages/setup.ts";
import { engineWorld } from "./fixtures.ts";
import { catalogOf, rentedEntry } from "./rented_fixtures.ts";

const catalog = catalogOf({ known: 5 });
const believed = (told: number, { seconds = 3600, model = "known" } = {}) =>
  believedBytes(told, seconds, model, catalog);

Deno.test("a download counts up to ten times the model's size, and up to 2 TB where that is not known", () => {
  equal(believed(0), 0);
  equal(believed(50e9), 50e9);
  equal(believed(2e12, { model: "other" }), 2e12);
});

Deno.test("[hostile_output] a download of what no model can have is not believed", () => {
  for (const told of [-1, 50e9 + 1, Infinity, NaN]) {
    throws(() => believed(told), (error) => codeOf(error) === "hostile_output", String(told));
  }
  throws(() => believed(2e12 + 1, { model: "other" }), /at most 2000000000000 are possible/);
});

Deno.test("the size that a library tells bounds a download, one that only a name tells does not", () => {
  const facts = (source: "hub" | "name") => ({
    ...nothingKnown("a/b", "hub", null),
    download_gb: 5,
    source,
  });
  const most = (source: "hub" | "name") =>
    believedBytes(51e9, 3600, "a/b", { ...catalog, facts: [facts(source)] });
  throws(() => most("hub"), (error) => codeOf(error) === "hostile_output");
  equal(most("name"), 51e9);
});

Deno.test("what an engine had before is told at once, and counts as far as 100 Gbit/s can bring it", () => {
  equal(believed(1e12, { seconds: 4, model: "other" }), 50e9);
  equal(believed(10e9, { seconds: 0 }), 10e9);
});

/** The bytes that are booked where a model is loaded whose pull tells of so many. */
async function booked(completed: number): Promise<number[]> {
  const bytes: number[] = [];
  const answers: Readonly<Record<string, object>> = {
    "/api/tags": { models: [] },
    "/api/pull": { status: "success", digest: "sha256:a", total: 1, completed },
    "/api/ps": { models: [] },
  };
  const world = engineWorld([], {
    fetch: (input) => Promise.resolve(Response.json(answers[new URL(String(input)).pathname] ?? {})),
  });
  const entry = rentedEntry("e", { model: "known", gpu: "any" });
  const fleet = { work: () => undefined, traffic: (_machine: string, came: number) => void bytes.push(came) };
  await load(
    { rented: true } as unknown as Leased,
    { engine: { url: "http://127.0.0.1:1" }, world, site: { facts: null } } as unknown as Ready,
    { entries: [entry], capacity: entry.workload },
    { catalog, fleet, clock: world.clock } as unknown as StageContext,
  );
  return bytes;
}

Deno.test("[hostile_output] a model whose pull tells of more than it has is not loaded, and nothing is booked", async () => {
  deepEqual(await booked(5e9), [5e9]);
  await rejects(booked(1e18), (error) => codeOf(error) === "hostile_output");
});
