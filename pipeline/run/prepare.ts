// From a matrix to a plan: what is asked for, what can be had, and for how much. Nothing is rented or written.
import { addressOf } from "../engines/address.ts";
import type { EngineWorld } from "../engines/engine.ts";
import { engines } from "../engines/mod.ts";
import { apiKey, withApiKey } from "../lib/api_key.ts";
import { readCatalog, readPrices } from "../lib/catalog.ts";
import type { Log } from "../lib/log.ts";
import { guarded } from "../machines/guarded_fetch.ts";
import type { Paths } from "../paths.ts";
import { type CanServe, expand, repeatedBlocks } from "../plan/expand.ts";
import type { Catalog } from "../plan/fit.ts";
import { type Lease, planLeases } from "../plan/leases.ts";
import { objectToSettings } from "../plan/settings.ts";
import { objectToModel, type PlannedModel, plannedModels } from "../plan/models.ts";
import type { BadMemory } from "../plan/pick.ts";
import { admit, choose, type Objection, objectToSize, type Plan } from "../plan/plan.ts";
import { resolveMatrix } from "../plan/resolve.ts";
import { unlisted } from "../plan/wished_gpu.ts";
import { OLLAMA_HOST } from "../schema/engine_address.ts";
import type { Entry } from "../schema/entry.ts";
import { type MachineRecord, mayExist } from "../schema/machine.ts";
import { type EngineChoice, Matrix, shownModel, whyNoModelName } from "../schema/matrix.ts";
import { type ProviderName, providerTitle } from "../schema/names.ts";
import { parseOrRefuse } from "../schema/parse.ts";
import { askMarkets, noKey } from "./markets.ts";
import { readMatrixFile } from "./matrix_file.ts";
import { withFacts } from "./models.ts";
import type { Opened, World } from "./world.ts";

export interface Preparing {
  readonly paths: Paths;
  readonly world: World;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly opened: Opened;
  readonly allow_spill: boolean;
  readonly parallel: number;
  /** Nothing will be rented: list prices stand for what cannot be asked, and no provider is waited for long. */
  readonly is_estimate: boolean;
}

export interface Prepared {
  readonly catalog: Catalog;
  /** Everything that the matrix asks for. */
  readonly entries: readonly Entry[];
  readonly memories: readonly BadMemory[];
  readonly plan: Plan;
  /** Why list prices stand for a provider. */
  readonly listed: ReadonlyMap<ProviderName, string>;
  readonly models: readonly PlannedModel[];
}

/** With it, and what the models are asked, a plan is there within ten seconds. */
const PATIENCE_SECONDS = 4;

/** Reads a matrix; a UserError names every fault. */
export async function readMatrix(path: string): Promise<Matrix> {
  const content = await readMatrixFile(path);
  return parseOrRefuse(
    Matrix,
    content,
    `the matrix ${path}`,
    "Known keys and values: runs/matrix.schema.json.",
  );
}

/** Every entry of a matrix; engines on this computer are asked for what they have. */
export async function entriesOfMatrix(matrix: Matrix, preparing: Preparing): Promise<Entry[]> {
  const { paths, log } = preparing;
  const catalog = await readCatalog(paths);
  const world = localWorld(preparing);
  const resolved = await resolveMatrix(matrix, (choice) => installedModels(choice, world, log));
  const known = catalog.gpus.map((gpu) => gpu.name);
  const canServe: CanServe = (choice, model) => engines[choice.name].canServe(model);
  const entries = expand(resolved, known, canServe);
  for (const sentence of repeatedBlocks(resolved, known, canServe)) log.warn(sentence);
  for (const gpu of unlisted(entries.map((entry) => entry.gpu), known)) {
    log.warn(
      `"${gpu}" is not in the catalogue: providers are asked for just this name, and whether a model fits is not checked`,
    );
  }
  return entries;
}

/** What earlier parts of a run, and other runs, have left behind. */
export interface Past {
  /** Entries that need no more work. They keep the others' leases as they were. */
  readonly done: ReadonlySet<string>;
  /** Machines of this run. */
  readonly machines: readonly MachineRecord[];
  readonly memories: readonly BadMemory[];
}

/** The plan for `entries`. */
export async function prepare(
  entries: readonly Entry[],
  { done, machines, memories }: Past,
  preparing: Preparing,
): Promise<Prepared> {
  const { paths, world, log, opened, signal, allow_spill, parallel, is_estimate } = preparing;
  const { providers, missing } = opened;
  const { entries: servable } = admit(entries, [objectToEngine(world)]);
  const catalog = await withFacts(await readCatalog(paths), servable, world, signal);
  const admitted = admit(entries, [
    objectToEngine(world),
    objectToModel(catalog),
    objectToSettings(catalog),
    ...(allow_spill ? [] : [objectToSize(catalog)]),
    ...(is_estimate ? [] : [objectToKey(opened)]),
    objectToCloud(opened),
    objectToVariables(world),
  ]);
  const leases = planLeases(admitted.entries, catalog).flatMap((lease) => remaining(lease, done));
  const { markets, listed } = await askMarkets(leases, {
    providers,
    missing,
    catalog,
    signal,
    lists: is_estimate ? await readPrices(paths) : null,
    patience_seconds: is_estimate ? PATIENCE_SECONDS : null,
  });
  const held = new Map(
    machines.filter(({ state }) => mayExist({ state }) && state !== "destroying")
      .map(({ lease_id, offer }) => [lease_id, offer]),
  );
  const plan = choose(leases, markets, { catalog, memories, now: world.clock.now(), parallel, held });
  for (const words of caveatsOf(plan, opened)) log.warn(words);
  const left = [...admitted.left, ...plan.left].filter(({ entry }) => !done.has(entry.id));
  return {
    catalog,
    entries,
    memories,
    plan: { ...plan, left },
    models: plannedModels(servable, catalog),
    listed,
  };
}

/** What its providers say beforehand of the machines that a plan takes. */
function caveatsOf({ leases }: Plan, { providers }: Opened): Set<string> {
  const told = leases.map(({ provider, limits }) => providers.get(provider)?.caveat?.(limits));
  return new Set(told.filter((words) => typeof words === "string"));
}

/** What is left of a lease when some entries need no more work: the lease, or nothing. */
export function remaining<L extends Lease>(lease: L, done: ReadonlySet<string>): L[] {
  const sittings = lease.sittings
    .map((sitting) => ({ ...sitting, entries: sitting.entries.filter(({ id }) => !done.has(id)) }))
    .filter(({ entries }) => entries.length > 0);
  return sittings.length === 0 ? [] : [{ ...lease, sittings }];
}

function objectToEngine({ kinds }: World): Objection {
  return ({ engine, provider }) => {
    const { reach } = engines[engine.name];
    const kind = kinds[provider as ProviderName];
    const isHere = provider === "local";
    const works = isHere ||
      (kind.rents ? reach === "installs" && engine.url === undefined : reach !== "local");
    if (works) return null;
    return {
      code: "engine_not_there",
      reason: `${engine.name}${
        engine.url === undefined ? "" : ` at ${engine.url}`
      } cannot be brought to a machine of ${providerTitle(provider)}`,
    };
  };
}

function objectToKey({ missing }: Opened): Objection {
  return ({ provider }) => {
    const variable = missing.get(provider as ProviderName);
    return variable === undefined
      ? null
      : { code: "no_key", reason: noKey(provider as ProviderName, variable) };
  };
}

/** Not every cloud is simulated. */
function objectToCloud({ missing, providers }: Opened): Objection {
  return ({ provider }) => {
    const isThere = [missing, providers].some((known) => known.has(provider as ProviderName));
    return isThere ? null : { code: "no_offer", reason: `there is no simulated ${providerTitle(provider)}` };
  };
}

function objectToVariables({ env }: World): Objection {
  return ({ engine }) => {
    const unset = (engine.env ?? []).find((name) => (env(name) ?? "").trim() === "");
    if (unset === undefined) return null;
    return { code: "no_variable", reason: `${unset} is not set: the matrix hands it to ${engine.name}` };
  };
}

function localWorld({ world, paths, log, signal }: Preparing): EngineWorld {
  return {
    fetch: withApiKey(guarded(fetch, signal), apiKey(world.env)),
    log: log.info,
    signal,
    clock: world.clock,
    host: null,
    ollama_host: world.env(OLLAMA_HOST),
    onPhase: () => undefined,
    modelsDir: paths.models,
    startEmbedded: world.startEmbedded,
    releases: world.releases,
  };
}

async function installedModels(choice: EngineChoice, world: EngineWorld, log: Log): Promise<string[] | null> {
  const engine = engines[choice.name];
  const answer = await engine.answers(choice, world);
  if (answer === null) {
    log.info(`${choice.name} does not answer at ${addressOf(choice, world)}`);
    return null;
  }
  const models = (await engine.installed(choice, world)).filter((name) => {
    const unfit = whyNoModelName(name);
    if (unfit !== null) log.warn(`${shownModel(name)} is left out: ${unfit}`);
    return unfit === null;
  });
  log.info(
    `${choice.name} ${answer.version ?? ""} answers, ${
      models.length === 0 ? "without models" : `with ${models.join(", ")}`
    }`,
  );
  return models;
}
