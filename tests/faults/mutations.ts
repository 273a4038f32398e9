// Shipped evidence spoilt in hundreds of ways goes through an import, a build of the data and one of the site: what then holds, as a table.
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Line, none } from "../bench/line.ts";
import { cli } from "../e2e/cli.ts";
import { type Paths, pathsOf } from "../../pipeline/paths.ts";
import { chance } from "./chance.ts";
import {
  accountOf,
  builtAccounted,
  endedWell,
  exportsHarmless,
  type Faults,
  linesAccounted,
  pagesHarmless,
} from "./mutations/checks.ts";
import { spoilSealed } from "./mutations/sealed.ts";
import { shipped, spoil } from "./mutations/mutate.ts";

const repository = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const SEED = 13;
const MUTATIONS = 500;
/** Untouched directories among them, each of a host of its own. */
const CLEAN = 20;

export interface MutationsFound {
  readonly taken: number;
  readonly refused: number;
  readonly left_out: number;
  readonly benchmarks: number;
  readonly pages: number;
  /** Aborts and traces, what was dropped without a word, what is injected or out of form, clean directories that are missing. */
  readonly faults: Readonly<Record<"aborts" | "dropped" | "malformed" | "missing", Faults>>;
}

/** The trial of `deno task test-faults mutations`. */
export async function mutations(tell: (text: string) => void): Promise<Line[]> {
  const root = await Deno.makeTempDir();
  try {
    const found = await mutationsIn(root, MUTATIONS, { site: true, tell });
    for (const fault of Object.values(found.faults).flat().slice(0, 50)) tell(fault);
    const count = Object.fromEntries(
      Object.entries(found.faults).map(([name, faults]) => [name, faults.length]),
    );
    const { taken, refused, left_out, benchmarks, pages } = found;
    const details =
      `${taken} taken in, ${refused} refused, ${left_out} left out of the build, ${benchmarks} benchmarks, ${pages} pages`;
    return [
      none(`${MUTATIONS} mutations of shipped evidence and ${CLEAN} clean directories`, count, details),
    ];
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

/** What a trial is given. */
interface Trial {
  readonly site: boolean;
  readonly tell: (text: string) => void;
  readonly seed?: number;
}

/** Takes in `count` spoilt directories and the clean ones, spoils some of the sealed ones, and builds the data and the site of `root`. */
export async function mutationsIn(
  root: string,
  count: number,
  { site, tell, seed = SEED }: Trial,
): Promise<MutationsFound> {
  const paths = pathsOf(root);
  await Deno.mkdir(join(root, "data", "published"), { recursive: true });
  const { clean, dirs } = await writeDirectories(root, count, seed);
  tell(`importing ${dirs.length} directories`);
  const imported = await cli("import", ...dirs, "--provider", "vastai", "--price", "0.3", "--root", root);
  const account = accountOf(dirs, imported);
  const dropped = [...account.faults, ...await linesAccounted(account, imported, paths)];
  const kept = new Set(clean.map((dir) => account.taken.get(dir)?.raw_dir));
  const sealed = [...account.taken.values()].map(({ raw_dir }) => raw_dir).filter((raw_dir) =>
    !kept.has(raw_dir)
  );
  const spoilt = await spoilSealed(paths.raw, sealed, chance(seed));
  await Deno.remove(paths.exported, { recursive: true }).catch(() => undefined);
  tell("building the data anew, of which a tenth was spoilt after it was sealed");
  const built = await cli("build-data", "--root", root);
  const aborts = [...endedWell("import", imported, [0, 3]), ...endedWell("build-data", built, [0])];
  const taken = { taken: account.taken.size, refused: account.refused.size };
  if (built.code !== 0) {
    return {
      ...taken,
      left_out: 0,
      benchmarks: 0,
      pages: 0,
      faults: { aborts, dropped, malformed: [], missing: clean },
    };
  }
  dropped.push(...await builtAccounted(account, built, paths, spoilt));
  const malformed = await exportsHarmless(paths);
  const { pages, faults } = site
    ? await builtSite(root, tell)
    : { pages: 0, faults: { aborts: [], malformed: [] } };
  const published = await rawDirectories(paths);
  return {
    ...taken,
    left_out: built.err.match(/ is left out: /g)?.length ?? 0,
    benchmarks: published.length,
    pages,
    faults: {
      aborts: [...aborts, ...faults.aborts],
      dropped,
      malformed: [...malformed, ...faults.malformed],
      missing: clean.filter((dir) => !published.includes(account.taken.get(dir)?.raw_dir ?? "")),
    },
  };
}

async function writeDirectories(
  root: string,
  count: number,
  seed: number,
): Promise<{ clean: string[]; dirs: string[] }> {
  const older = join(repository, "tests", "fixtures", "importers", "almanac");
  const bases = await shipped(join(repository, "data", "raw"), older);
  const clean = await write(join(root, "clean"), CLEAN, (n) => cleaned(bases[n % bases.length], n));
  const spoilt = await write(join(root, "spoilt"), count, (n) => spoil(bases, seed, n).files);
  return { clean, dirs: [...clean, ...spoilt] };
}

async function builtSite(root: string, tell: (text: string) => void) {
  tell("building the site");
  const aborts = endedWell("build-site", await cli("build-site", "--root", root), [0]);
  const { pages, faults: malformed } = await pagesHarmless(pathsOf(root).siteDist);
  return { pages, faults: { aborts, malformed } };
}

/** The raw directory of each published benchmark. */
async function rawDirectories({ api }: Paths): Promise<string[]> {
  const { benchmarks } = JSON.parse(await Deno.readTextFile(join(api, "benchmarks.json")));
  return benchmarks.map(({ provenance }: { provenance: { raw_dir: string } }) => provenance.raw_dir);
}

function cleaned(base: ReadonlyMap<string, Uint8Array> | undefined, n: number): Map<string, Uint8Array> {
  const files = new Map(base);
  const metadata = JSON.parse(new TextDecoder().decode(files.get("metadata.json")));
  files.set(
    "metadata.json",
    new TextEncoder().encode(JSON.stringify({ ...metadata, host_id: `clean-${n}` })),
  );
  return files;
}

/** Writes directories and gives their paths. */
async function write(
  parent: string,
  count: number,
  files: (n: number) => ReadonlyMap<string, Uint8Array>,
): Promise<string[]> {
  return await Promise.all(Array.from({ length: count }, async (_, n) => {
    const dir = join(parent, `d${String(n).padStart(3, "0")}`);
    await Deno.mkdir(dir, { recursive: true });
    for (const [name, bytes] of files(n)) await Deno.writeFile(join(dir, name), bytes);
    return dir;
  }));
}
