// data/catalog of a root, or of the repository where the root has none.
import { join } from "node:path";
import { UserError } from "../errors.ts";
import type { Paths } from "../paths.ts";
import { type CatalogGpu, type CatalogModel, GpuCatalog, ModelCatalog } from "../schema/catalog.ts";
import { withFamilies } from "../schema/gpu_families.ts";
import { catalogName, isGpu } from "../schema/gpu_name.ts";
import { PriceCatalog, type PriceList } from "../schema/list_prices.ts";
import { parseOrRefuse } from "../schema/parse.ts";
import type { z } from "zod";
import { exists } from "./files.ts";

export interface Catalog {
  readonly gpus: readonly CatalogGpu[];
  readonly models: readonly CatalogModel[];
}

/** Reads gpus.json and models.json; a UserError names the file and every fault. */
export async function readCatalog(paths: Paths): Promise<Catalog> {
  const { gpus } = await read(paths, "gpus.json", GpuCatalog);
  const { models } = await read(paths, "models.json", ModelCatalog);
  return { gpus: withFamilies(gpus), models };
}

/** Reads prices.json; a UserError names the file and every fault. */
export async function readPrices(paths: Paths): Promise<readonly PriceList[]> {
  return (await read(paths, "prices.json", PriceCatalog)).lists;
}

/** The catalogue's GPU that a told name means, of so much memory where that is known; undefined when it has none. */
export function gpuNamed(
  { gpus }: Pick<Catalog, "gpus">,
  told: string,
  memory_gib: number | null = null,
): CatalogGpu | undefined {
  const known = catalogName(told, memory_gib);
  return gpus.find(({ name }) => name === known) ?? gpus.find(({ name }) => isGpu(name, told, memory_gib));
}

/** The root's own folder `data/<name>`, or the repository's where the root has none. */
export async function ownOrShipped({ root, repository }: Paths, ...names: string[]): Promise<string> {
  const own = join(root, "data", ...names);
  return await exists(own) ? own : join(repository, "data", ...names);
}

async function read<S extends z.ZodType>(paths: Paths, name: string, schema: S): Promise<z.output<S>> {
  const path = await ownOrShipped(paths, "catalog", name);
  const hint = "Mend the file, or restore the one that came with the almanac.";
  let content: unknown;
  try {
    content = JSON.parse(await Deno.readTextFile(path));
  } catch (cause) {
    throw new UserError(`Cannot read the catalogue ${path}`, hint, { cause });
  }
  return parseOrRefuse(schema, content, path, hint);
}
