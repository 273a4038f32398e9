// Every folder of the project, computed in one place. `repository` is where this code lies; `root` is what --root names.
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export interface Paths {
  readonly repository: string;
  readonly root: string;
  readonly raw: string;
  readonly submitted: string;
  readonly exported: string;
  readonly api: string;
  readonly database: string;
  readonly runs: string;
  readonly models: string;
  readonly siteDist: string;
  /** Where the next site is made; of no use once that has ended. */
  readonly siteWork: string;
  /** Where the last site lies for the moment in which the next takes its place. */
  readonly siteAside: string;
}

const repository = dirname(dirname(fileURLToPath(import.meta.url)));

/** All paths under `root` (default: the repository). */
export function pathsOf(root: string = repository): Paths {
  const base = resolve(root);
  const exported = join(base, "data", "export");
  return {
    repository,
    root: base,
    raw: join(base, "data", "raw"),
    submitted: join(base, "data", "submitted"),
    exported,
    api: join(exported, "api", "v1"),
    database: join(exported, "almanac.duckdb"),
    runs: join(base, "runs"),
    models: join(base, "data", "models"),
    siteDist: join(base, "site", "dist"),
    siteWork: join(base, "site", ".work"),
    siteAside: join(base, "site", ".aside"),
  };
}
