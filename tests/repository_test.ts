// The repository keeps its own rules: who may import whom, and that everything is documented.
import { deepEqual, equal, ok } from "node:assert/strict";
import { dirname, join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { z } from "zod";
import { readSeal } from "../pipeline/build/intact.ts";
import { scanRaw } from "../pipeline/build/scan.ts";
import { sha256File } from "../pipeline/lib/files.ts";
import { matrixSchemaText } from "../pipeline/schema/write.ts";
import { cli } from "./e2e/cli.ts";

const repository = dirname(dirname(fileURLToPath(import.meta.url)));

/** Room → the rooms it may import besides itself. `files` are pipeline/errors.ts and paths.ts. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  files: ["files", "lib"],
  schema: ["files"],
  plan: ["schema", "files"],
  lib: ["schema", "files"],
  agent: ["schema", "lib", "calibrate"],
  calibrate: ["schema", "lib", "agent"],
  machines: ["schema", "files", "lib"],
  models: ["schema", "lib"],
  engines: ["schema", "files", "lib", "machines"],
  providers: ["schema", "files", "lib", "machines"],
  fleet: ["schema", "files", "lib", "machines", "providers"],
  importers: ["schema", "files", "lib"],
  stages: ["schema", "files", "lib", "plan", "engines", "providers", "machines", "fleet"],
  run: ["schema", "files", "lib", "plan", "models", "stages", "engines", "providers", "machines", "fleet"],
  sql: [],
  query: ["schema", "files", "lib", "sql"],
  summaries: ["schema", "files", "lib", "sql", "query"],
  serve: ["schema", "files", "lib", "query", "summaries"],
  build: ["schema", "files", "lib", "sql", "query", "summaries"],
  commands: [
    "schema",
    "files",
    "lib",
    "plan",
    "models",
    "run",
    "engines",
    "providers",
    "machines",
    "fleet",
    "importers",
    "build",
    "query",
    "summaries",
    "serve",
    "calibrate",
    "main",
    "site",
  ],
  main: ["schema", "files", "lib", "commands"],
  site: ["schema"],
};
/** The agent's door; nothing else of the agent knows of the calibration, which sends requests as the agent does. */
const CALIBRATES = "pipeline/agent/main.ts";
/** What starts a process or writes a model lies in engines/embedded/, behind its door. */
const PURE = /^pipeline\/(plan|engines)\/[^/]+\.ts$/;
/** The site's builder; all else of the site is page or script. */
const BUILDS_SITE = /^site\/(address|build|main|publish|render|sql_assets)\.ts$/;

const graph = await imports(await sources(["pipeline", "site"]));

Deno.test("every file imports only the rooms that the import table allows", () => {
  const broken = graph.filter(({ from, to, typesOnly }) => {
    const [room, target] = [roomOf(from), roomOf(to)];
    if (room === target || BUILDS_SITE.test(from)) return false;
    if (room === "commands" && target === "main") return !typesOnly;
    if (room === "agent" && target === "calibrate") return from !== CALIBRATES;
    return !(MAY_IMPORT[room] ?? []).includes(target);
  });
  deepEqual(broken, []);
  ok(graph.length > 200);
});

Deno.test("no stage imports another stage's file but for its types", () => {
  const within = graph.filter(({ from, to }) => roomOf(from) === "stages" && roomOf(to) === "stages");
  deepEqual(within.filter(({ typesOnly }) => !typesOnly), []);
  ok(within.length > 0);
});

Deno.test("plans and engines use no Deno, fetch, clock or randomness but what they are given", async () => {
  const pure = (await sources(["pipeline"])).filter((path) => PURE.test(path));
  const broken: string[] = [];
  for (const path of pure) {
    const text = await Deno.readTextFile(join(repository, path));
    if (/\bDeno\.|(?<!\.)\bfetch\(|Date\.now|new Date\(\)|Math\.random|performance\./.test(text)) {
      broken.push(path);
    }
  }
  deepEqual(broken, []);
  ok(pure.length >= 8);
});

Deno.test("only the command line reads arguments or ends the process", async () => {
  const broken: string[] = [];
  const own = [
    "pipeline/main.ts",
    "pipeline/commands/signals.ts",
    "pipeline/agent/main.ts",
    "pipeline/engines/embedded/server.ts",
    "pipeline/calibrate/mock/server.ts",
  ];
  for (const path of await sources(["pipeline"])) {
    if (own.includes(path)) continue;
    const text = await Deno.readTextFile(join(repository, path));
    if (/Deno\.(args|exit)\b/.test(text)) broken.push(path);
  }
  deepEqual(broken, []);
});

/** These set what a whole process shares, or bring in what does, and run in processes of their own: tests run side by side in one. */
const OWN_PROCESS = ["site/render.ts", "tests/contract/without_ssh.ts", "tests/faults/publisher.ts"];
const SETS_SHARED =
  /\bDeno\.(env\.(set|delete)|chdir|umask)\(|\bprocess\.(env\.\w+ =|chdir|umask)|from "\S*site\/(build|render)\.ts"/;

Deno.test("nothing that tests run in their own process changes the variables, the folder or the mask that all share", async () => {
  const setting: string[] = [];
  for (const path of await sources(["pipeline", "site", "tests"])) {
    if (SETS_SHARED.test(await Deno.readTextFile(join(repository, path)))) setting.push(path);
  }
  deepEqual(setting, OWN_PROCESS);
});

Deno.test("programs are started in one place, which gives them named variables alone", async () => {
  const starting: string[] = [];
  for (const path of await sources(["pipeline"])) {
    const text = await Deno.readTextFile(join(repository, path));
    if (/\bnew Deno\.Command\(|\bfrom "node:child_process"/.test(text)) starting.push(path);
  }
  deepEqual(starting, ["pipeline/lib/child.ts"]);
});

Deno.test("every field of every schema is described", async () => {
  const missing: string[] = [];
  for (const path of await sources(["pipeline/schema"])) {
    const module = await import(join(repository, path));
    for (const [name, value] of Object.entries(module)) {
      if (value instanceof z.ZodObject) {
        for (const [key, field] of Object.entries(value.shape)) {
          if (describe(field as z.ZodType) === undefined) missing.push(`${path} ${name}.${key}`);
        }
      }
    }
  }
  deepEqual(missing, []);
});

Deno.test("every task has a description and stands in the README or CONTRIBUTING", async () => {
  const config = JSON.parse(await Deno.readTextFile(join(repository, "deno.json")));
  const prose = await Deno.readTextFile(join(repository, "README.md")) +
    await Deno.readTextFile(join(repository, "CONTRIBUTING.md"));
  for (const [name, task] of Object.entries(config.tasks as Record<string, { description?: string }>)) {
    ok((task.description ?? "").length > 10, `task ${name} has no description`);
    ok(prose.includes(`task ${name}`) || prose.includes(`\`${name}\``), `task ${name} is not documented`);
  }
});

Deno.test("every option of every command explains itself", async () => {
  for (
    const command of [
      "run-matrix",
      "plan",
      "sweep",
      "status",
      "agent",
      "calibrate",
      "import",
      "submit",
      "benchmarks",
      "benchmarks best",
      "build-data",
      "build-site",
      "build",
      "serve",
    ]
  ) {
    const { out: help } = await cli(...command.split(" "), "--help");
    ok(help.includes("Usage:"), command);
    for (const line of help.split("\n").filter((text) => /^ {2}-/.test(text))) {
      ok(/^ {2}-\S.*? {2,}\S/.test(line) || line.length > 36, `${command}: ${line}`);
    }
  }
});

Deno.test("dependencies are pinned to exact versions and justified in CONTRIBUTING", async () => {
  const config = JSON.parse(await Deno.readTextFile(join(repository, "deno.json")));
  const contributing = await Deno.readTextFile(join(repository, "CONTRIBUTING.md"));
  for (const [name, specifier] of Object.entries(config.imports as Record<string, string>)) {
    ok(/@\d+\.\d+\.\d+(-[\w.]+)?$/.test(specifier), `${specifier} is not exact`);
    ok(contributing.includes(`\`${name}\``), `${name} is not justified`);
  }
});

Deno.test("the lock asks for no program of Apache Arrow, which its package lacks, and for no types of Node", async () => {
  const { npm } = JSON.parse(await Deno.readTextFile(join(repository, "deno.lock")));
  const arrow = Object.keys(npm).filter((name) => name.startsWith("apache-arrow@"));
  equal(arrow.length, 1);
  for (const name of arrow) {
    const { bin, dependencies } = npm[name];
    equal(bin, undefined, `take "bin" of ${name} out of deno.lock: Deno warns of it on every command`);
    const types = dependencies.filter((each: string) => each.startsWith("@types/node"));
    deepEqual(types, [], `take @types/node of ${name} out of deno.lock: it replaces Deno's own types`);
  }
});

Deno.test("the JSON Schema beside the matrices is what the zod schema gives", async () => {
  equal(await Deno.readTextFile(join(repository, "runs", "matrix.schema.json")), matrixSchemaText());
});

Deno.test("every shipped matrix names its schema and is valid", async () => {
  const { Matrix } = await import("../pipeline/schema/matrix.ts");
  for await (const item of Deno.readDir(join(repository, "runs"))) {
    if (!item.isFile || !item.name.endsWith(".json") || item.name === "matrix.schema.json") continue;
    const matrix = Matrix.parse(JSON.parse(await Deno.readTextFile(join(repository, "runs", item.name))));
    equal(matrix.$schema, "./matrix.schema.json");
  }
});

Deno.test("an example of real evidence is shipped, and every file is what its seal says", async () => {
  const raw = join(repository, "data", "raw");
  const { runs } = scanRaw(raw, () => true);
  const directories = [...runs.values()].flat().map(readSeal);
  ok(directories.length > 0);
  for (const found of directories) {
    if ("reason" in found) throw new Error(found.reason);
    const { path, provenance } = found.sealed;
    for (const { name, sha256, bytes } of provenance.files) {
      deepEqual(await sha256File(join(path, name)), { sha256, bytes }, `${path}/${name}`);
    }
  }
});

function describe(field: z.ZodType): string | undefined {
  if (field.description !== undefined) return field.description;
  const inner = (field.def as { innerType?: z.ZodType }).innerType;
  return inner === undefined ? undefined : describe(inner);
}

function roomOf(path: string): string {
  const parts = path.split("/");
  if (parts[0] === "site") return "site";
  if (path === "pipeline/main.ts") return "main";
  return parts.length === 2 ? "files" : parts[1] ?? "";
}

interface Import {
  readonly from: string;
  readonly to: string;
  readonly typesOnly: boolean;
}

/** What the files import of the project's own, as Deno resolves it; of Astro's pages, as their text says. */
async function imports(paths: readonly string[]): Promise<Import[]> {
  const [pages, modules] = [
    paths.filter((path) => path.endsWith(".astro")),
    paths.filter((path) => path.endsWith(".ts")),
  ];
  return [...await importsOfModules(modules), ...(await Promise.all(pages.map(importsOfPage))).flat()]
    .filter(({ to }) => to.startsWith("pipeline/") || to.startsWith("site/"));
}

async function importsOfModules(paths: readonly string[]): Promise<Import[]> {
  const all = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(
      all,
      paths.map((path) => `import ${JSON.stringify(pathToFileURL(join(repository, path)))};\n`).join(""),
    );
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["info", "--json", "--config", join(repository, "deno.json"), all],
    }).output();
    const { modules } = JSON.parse(new TextDecoder().decode(stdout)) as { modules: Module[] };
    return modules.flatMap(({ local, dependencies = [] }) =>
      dependencies.flatMap(({ code, type }) => {
        const target = code?.specifier ?? type?.specifier;
        if (local === undefined || local === null || local === all || !target?.startsWith("file:")) return [];
        return [{
          from: relative(repository, local),
          to: relative(repository, fileURLToPath(target)),
          typesOnly: code === undefined,
        }];
      })
    );
  } finally {
    await Deno.remove(all);
  }
}

/** A module as `deno info --json` tells it. */
interface Module {
  readonly local?: string | null;
  readonly dependencies?: readonly {
    readonly code?: { specifier?: string };
    readonly type?: { specifier?: string };
  }[];
}

async function importsOfPage(path: string): Promise<Import[]> {
  const text = await Deno.readTextFile(join(repository, path));
  return [...text.matchAll(/^import (type )?.*"(\.{1,2}\/[^"]+)";$/gm)].map(([, type, specifier]) => ({
    from: path,
    to: relative(repository, join(repository, dirname(path), specifier ?? "")),
    typesOnly: type !== undefined,
  }));
}

async function sources(folders: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  const visit = async (folder: string) => {
    for await (const item of Deno.readDir(join(repository, folder))) {
      const path = `${folder}/${item.name}`;
      if (item.isDirectory && !["node_modules", "dist", ".work", ".aside"].includes(item.name)) {
        await visit(path);
      }
      if (item.isFile && /\.(ts|astro)$/.test(item.name)) found.push(path);
    }
  };
  for (const folder of folders) await visit(folder);
  return found.sort();
}
