// PURE but for its last parameter. Replaces `installed` by the models an engine has, and a test whose engines do not answer by its `otherwise`.
import { UserError } from "../errors.ts";
import type { EngineChoice, Matrix, Test } from "../schema/matrix.ts";
import { engineChoice } from "./expand.ts";

/** Asks an engine on this machine for its models; null when nobody answers. */
export type AskInstalled = (engine: EngineChoice) => Promise<string[] | null>;

/** The matrix with nothing left to find out. */
export async function resolveMatrix(matrix: Matrix, ask: AskInstalled): Promise<Matrix> {
  const tests: Test[] = [];
  for (const test of matrix.tests) tests.push(...await resolveTest(test, ask));
  return { ...matrix, tests };
}

async function resolveTest(test: Test, ask: AskInstalled): Promise<Test[]> {
  const { otherwise, ...plain } = test;
  if (!test.models.includes("installed") && otherwise === undefined) return [plain];
  const resolved: Test[] = [];
  for (const engine of test.engines.map(engineChoice)) {
    const installed = await ask(engine);
    if (installed === null) continue;
    const models = test.models.flatMap((model) => model === "installed" ? installed : [model]);
    if (models.length > 0) resolved.push({ ...plain, engines: [engine], models: [...new Set(models)] });
  }
  if (resolved.length > 0) return resolved;
  if (otherwise !== undefined) return [{ ...plain, ...otherwise }];
  const names = test.engines.map((engine) => engineChoice(engine).name).join(", ");
  throw new UserError(
    `Cannot plan the matrix: it asks for the installed models of ${names}, but no such engine answers or it has none`,
    'Start the engine and pull a model, name the models, or give the test an "otherwise".',
  );
}
