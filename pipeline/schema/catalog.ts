// data/catalog/gpus.json: the GPUs that may be named in a matrix, with what their makers say of them.
import { z } from "zod";

export const CatalogGpu = z.strictObject({
  name: z.string().min(1).meta({ description: "Name used in matrices and results." }),
  memory_gib: z.number().positive().meta({ description: "Memory installed, GiB." }),
  memory_type: z.string().meta({ description: "Kind of memory." }),
}).meta({ id: "CatalogGpu", description: "One GPU of the catalogue." });

export const GpuCatalog = z.strictObject({
  $schema: z.string().optional().meta({ description: "Path of the JSON Schema, for editors." }),
  source: z.string().meta({ description: "Where the figures come from." }),
  gpus: z.array(CatalogGpu).min(1).meta({ description: "Known GPUs." }),
}).meta({ id: "GpuCatalog", description: "Known GPUs." });

export type GpuCatalog = z.infer<typeof GpuCatalog>;
