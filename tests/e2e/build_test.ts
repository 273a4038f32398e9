// `build` as its users run it: one root for both halves, an address for the site, and nothing written beside the code.
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { exists } from "../../pipeline/lib/files.ts";
import { jsonl, plainLine, sealed, temporaryRoot } from "../fixtures.ts";

const repository = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const NAMESPACE = ["--user", "--map-root-user", "--mount"];
const READ_ONLY = `mount --bind "$REPOSITORY" "$REPOSITORY" && mount -o remount,ro,bind "$REPOSITORY"`;

/** Runs a command in the folder of the code to its end; in `cwd` its own files would show. */
async function run([command = "", ...args]: readonly string[], cwd = repository) {
  const { code, stdout, stderr } = await new Deno.Command(command, {
    args,
    cwd,
    env: { REPOSITORY: repository, NO_COLOR: "1" },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, out: text(stdout), err: text(stderr) };
}

/** Runs a line of bash in a namespace in which the code cannot be written to. */
function readOnly(line: string) {
  return run(["unshare", ...NAMESPACE, "bash", "-c", `${READ_ONLY} && cd "$REPOSITORY" && ${line}`]);
}

const canMount = await readOnly("! touch deno.json").then(({ code }) => code === 0, () => false);

async function fill(root: Awaited<ReturnType<typeof temporaryRoot>>): Promise<void> {
  const lines = Array.from({ length: 12 }, (_, n) => plainLine(n, n * 2, 90));
  await sealed(root.paths, "20260102-030405-abcd", "a", { "results.jsonl": jsonl(lines) });
}

/** The command of a task of deno.json, as a line for bash. */
async function taskOf(name: string, ...more: string[]): Promise<string> {
  const { tasks } = JSON.parse(await Deno.readTextFile(join(repository, "deno.json")));
  const [deno, ...words] = tasks[name].command.split(" ");
  equal(deno, "deno");
  return [Deno.execPath(), ...words, ...more].join(" ").replace("pipeline/", `${repository}/pipeline/`);
}

Deno.test("the task build takes root and address to both halves, and leaves nothing in the root but their work", async () => {
  await using root = await temporaryRoot();
  const { paths } = root;
  await fill(root);
  await Deno.mkdir(join(paths.siteWork, "dist"), { recursive: true });
  const command = await taskOf("build", "--root", paths.root, "--url", "https://example.org/x");
  const { code, out, err } = await run(["bash", "-c", command], paths.root);
  equal(code, 0, err);
  match(out, /^1 benchmarks in .*\n\d+ pages in /);
  match(await Deno.readTextFile(join(paths.siteDist, "sitemap.xml")), /https:\/\/example\.org\/x\//);
  match(await Deno.readTextFile(join(paths.siteDist, "404.html")), /href="\/x\/style\.css"/);
  deepEqual([...Deno.readDirSync(paths.root)].map(({ name }) => name).sort(), ["data", "runs", "site"]);
  deepEqual([...Deno.readDirSync(join(paths.root, "site"))].map(({ name }) => name), ["dist"]);
});

Deno.test("an address that is none is refused before anything is built", async () => {
  await using root = await temporaryRoot();
  await fill(root);
  const command = await taskOf("build", "--root", root.paths.root, "--url", "example.org");
  const { code, err } = await run(["bash", "-c", command], root.paths.root);
  equal(code, 1);
  match(err, /^Cannot build the site for example\.org: it is no address of the web\n/m);
  equal(await exists(root.paths.exported), false);
});

const WRITES_NOTHING = "data and site of a root are built by code that may not be written to";

Deno.test({
  name: canMount ? WRITES_NOTHING : `${WRITES_NOTHING} (skipped: this machine allows no mount namespaces)`,
  ignore: !canMount,
  fn: async () => {
    await using root = await temporaryRoot();
    await fill(root);
    const { code, out, err } = await readOnly(await taskOf("build", "--root", root.paths.root));
    equal(code, 0, err);
    match(out, /\d+ pages in /);
    ok(await exists(join(root.paths.siteDist, "index.html")));
  },
});
