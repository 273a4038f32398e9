// What the commands about a matrix share: where it lies, and the world it is meant for.
import { join, resolve } from "node:path";
import { exists } from "../lib/files.ts";
import type { Log } from "../lib/log.ts";
import type { Paths } from "../paths.ts";
import { readRun } from "../run/journal.ts";
import { readMatrix } from "../run/prepare.ts";
import type { World } from "../run/world.ts";
import { realWorld, simulatedWorld } from "./world.ts";

/** The matrix as named: from the current folder, else from the root, else from the repository. */
export async function matrixPath(name: string, { root, repository }: Paths): Promise<string> {
  for (const path of [resolve(name), join(root, name), join(repository, name)]) {
    if (await exists(path)) return path;
  }
  return name;
}

/** Whether a matrix, or the run that is resumed, is meant for the simulated clouds. */
export async function isSimulated(
  matrix: string,
  resume: string | undefined,
  { runs }: Paths,
): Promise<boolean> {
  if (resume === undefined) return (await readMatrix(matrix)).simulated;
  const { lines } = await readRun(join(runs, resume), () => undefined).catch(() => ({ lines: [] }));
  return lines.some((line) => line.event === "run" && line.simulated);
}

/** The world of a matrix, or of the run that is resumed. */
export async function worldOf(
  matrix: string,
  resume: string | undefined,
  paths: Paths,
  log: Log,
): Promise<World & AsyncDisposable> {
  if (await isSimulated(matrix, resume, paths)) return await simulatedWorld(log.info);
  return { ...realWorld(), [Symbol.asyncDispose]: () => Promise.resolve() };
}
