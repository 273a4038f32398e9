// PURE. A matrix becomes entries: every combination of its lists, with a readable id each.
import { UserError } from "../errors.ts";
import type { Entry } from "../schema/entry.ts";
import type { EngineChoice, Matrix, Test } from "../schema/matrix.ts";
import { EngineChoice as EngineChoiceSchema } from "../schema/matrix.ts";
import { publicModelName } from "../schema/local_paths.ts";
import { slug } from "../schema/slug.ts";
import { wishedGpu } from "./wished_gpu.ts";

/** Says why an engine cannot serve a model, or null when it may. */
export type CanServe = (engine: EngineChoice, model: string) => string | null;

/** All entries of a matrix, in the order its lists give. Refuses names of GPUs that must be mistakes, models no engine can serve, and a matrix without entries. */
export function expand(matrix: Matrix, knownGpus: readonly string[], canServe: CanServe): Entry[] {
  const entries: Entry[] = [];
  const ids = new Set<string>();
  for (const [index, test] of matrix.tests.entries()) {
    const path = `tests[${index}]`;
    const gpus = test.gpus.map((gpu, n) => wishedGpu(gpu, knownGpus, `${path}.gpus[${n}]`));
    for (const cell of cells({ ...test, gpus }, canServe, path)) {
      let id = cell.id;
      for (let n = 2; ids.has(id); n++) id = `${cell.id}-${n}`;
      ids.add(id);
      entries.push({ ...cell, id });
    }
  }
  return entries;
}

/** One sentence for each block that asks again for what an earlier one asks. */
export function repeatedBlocks(matrix: Matrix, knownGpus: readonly string[], canServe: CanServe): string[] {
  const first = new Map<string, number>();
  return matrix.tests.flatMap((test, index) => {
    const keys = expand({ ...matrix, tests: [test] }, knownGpus, canServe)
      .map(({ id: _, ...asked }) => JSON.stringify(asked));
    const again = keys.flatMap((key) => first.get(key) ?? []);
    for (const key of keys) if (!first.has(key)) first.set(key, index);
    const [earlier] = again;
    if (earlier === undefined) return [];
    const entries = again.length === 1 ? "1 entry" : `${again.length} entries`;
    return [`tests[${index}] asks again for ${entries} of tests[${earlier}]: measured and paid twice`];
  });
}

/** The engine of a matrix item with every default filled in. */
export function engineChoice(item: Test["engines"][number]): EngineChoice {
  return typeof item === "string" ? EngineChoiceSchema.parse({ name: item }) : item;
}

function* cells(test: Test, canServe: CanServe, path: string): Generator<Entry> {
  for (const provider of test.providers) {
    for (const gpu of test.gpus) {
      for (const engine of test.engines.map(engineChoice)) {
        for (const [n, model] of test.models.entries()) {
          requireServed(model, canServe(engine, model), `${path}.models[${n}]`);
          for (const workload of test.workloads) {
            const name = [
              provider,
              ...(test.gpu_count > 1 ? [`${test.gpu_count}x`] : []),
              gpu,
              engine.runtime ?? engine.name,
              ...(engine.version === undefined ? [] : [engine.version]),
              publicModelName(model),
              workload.name,
            ];
            yield {
              id: slug(name.filter((part) => part !== "any").join("-")),
              gpu,
              gpu_count: test.gpu_count,
              provider,
              model,
              engine,
              workload,
              offers: engine.image === undefined ? test.offers : { ...test.offers, image: engine.image },
              price_per_hour: test.price_per_hour ?? null,
              location: test.location ?? null,
            };
          }
        }
      }
    }
  }
}

function requireServed(model: string, refusal: string | null, path: string): void {
  if (refusal === null) return;
  throw new UserError(
    `Cannot plan the matrix: ${path}: ${model} cannot be served (${refusal})`,
    "Name a model that every engine of the test serves, or put it into a test of its own.",
    { exitCode: 2 },
  );
}
