// What decides the content of data/export decides its version, and nothing else does.
import { deepEqual, equal, notEqual, ok } from "node:assert/strict";
import { cp } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { codeVersion, deciding } from "../pipeline/build/version.ts";

const repository = dirname(dirname(fileURLToPath(import.meta.url)));

/** A copy of the code that may be changed; `version(path, change)` is what its version is with one file changed. */
async function copyOfCode(
  work: (version: (path?: string, change?: (text: string) => string) => Promise<string>) => Promise<void>,
): Promise<void> {
  const copy = await Deno.makeTempDir();
  try {
    await cp(join(repository, "pipeline"), join(copy, "pipeline"), { recursive: true });
    await Deno.copyFile(join(repository, "deno.json"), join(copy, "deno.json"));
    await work(async (path, change = (text) => `${text}\n`) => {
      if (path === undefined) return codeVersion(copy, "catalogue");
      const before = await Deno.readTextFile(join(copy, path));
      const after = change(before);
      notEqual(after, before, `${path} was not changed`);
      await Deno.writeTextFile(join(copy, path), after);
      const version = codeVersion(copy, "catalogue");
      await Deno.writeTextFile(join(copy, path), before);
      return version;
    });
  } finally {
    await Deno.remove(copy, { recursive: true });
  }
}

Deno.test("code of the builder, the catalogue and the JSON, SQL, and DuckDB's version make another version", () =>
  copyOfCode(async (version) => {
    const before = await version();
    for (
      const path of [
        "pipeline/build/mirror.ts",
        "pipeline/lib/catalog.ts",
        "pipeline/lib/duckdb.ts",
        "pipeline/query/json.ts",
        "pipeline/schema/gpu_name.ts",
        "pipeline/sql/70_verdicts.sql",
        "pipeline/sql/queries/best.sql",
        "pipeline/sql/definitions/as_vllm.sql",
        "pipeline/summaries/tables.ts",
      ]
    ) notEqual(await version(path), before, path);
    for (const name of ["@duckdb/node-api", "zod"]) {
      const other = (text: string) => text.replace(new RegExp(`(npm:${name}@\\d+\\.\\d+)\\.\\d+`), "$1.999");
      notEqual(await version("deno.json", other), before, name);
    }
    equal(await version(), before);
    notEqual(codeVersion(repository, "one catalogue"), codeVersion(repository, "another"));
  }));

Deno.test("what prints, serves, rents and submits makes none", () =>
  copyOfCode(async (version) => {
    const before = await version();
    for (
      const path of [
        "pipeline/query/render.ts",
        "pipeline/query/render_slo.ts",
        "pipeline/query/plan.ts",
        "pipeline/lib/table.ts",
        "pipeline/main.ts",
        "pipeline/serve/app.ts",
        "pipeline/run/mod.ts",
        "pipeline/summaries/submit.ts",
      ]
    ) equal(await version(path), before, path);
    equal(await version("deno.json", (text) => text.replace(/npm:astro@[\d.]+/, "npm:astro@0.0.0")), before);
  }));

Deno.test("the files that decide are those that Deno itself finds behind the builder", async () => {
  const { files, packages } = deciding(repository);
  const modules = [...files.keys()].filter((path) => path.endsWith(".ts")).sort();
  const { local, npm } = await importedBy("pipeline/build/mod.ts");
  deepEqual(modules, local);
  deepEqual(packages.map((each) => each.replace("npm:", "")), npm);
  ok(modules.length > 50 && npm.length >= 2);
});

/** The modules that a module needs to run, by `deno info`. */
async function importedBy(entry: string): Promise<{ local: string[]; npm: string[] }> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", "--node-modules-dir=auto", join(repository, entry)],
    cwd: repository,
  }).output();
  const { roots, modules } = JSON.parse(new TextDecoder().decode(stdout)) as {
    roots: string[];
    modules: { specifier: string; dependencies?: { code?: { specifier?: string } }[] }[];
  };
  const needed = new Set<string>();
  const follow = (specifier: string) => {
    if (needed.has(specifier)) return;
    needed.add(specifier);
    const found = modules.find((module) => module.specifier === specifier);
    for (const { code } of found?.dependencies ?? []) {
      if (code?.specifier !== undefined) follow(code.specifier);
    }
  };
  roots.forEach(follow);
  const of = (scheme: string) => [...needed].filter((each) => each.startsWith(scheme));
  return {
    local: of("file:").map((url) => relative(repository, fileURLToPath(url))).sort(),
    npm: of("npm:").map((name) => name.replace(/^npm:\/?/, "")).sort(),
  };
}
