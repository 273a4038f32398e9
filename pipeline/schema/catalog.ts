// data/catalog: the GPUs that may be named in a matrix and the models whose size is known, with what their makers say of them.
import { z } from "zod";

const source = z.string().min(1).meta({ description: "Where the figures come from: title and address." });
const note = z.string().optional().meta({ description: "What the figures hold for." });
const schemaPath = z.string().optional().meta({ description: "Path of the JSON Schema, for editors." });

const dense = (what: string) =>
  z.number().positive().optional().meta({
    description: `${what} without sparsity; absent where the card lacks it or its maker does not state it.`,
  });

export const CatalogGpu = z.strictObject({
  name: z.string().min(1).meta({ description: "Name used in matrices and results." }),
  vendor: z.enum(["NVIDIA", "AMD", "Intel"]).meta({ description: "Its maker." }),
  form_factor: z.enum(["PCIe", "SXM", "OAM", "superchip"]).optional().meta({
    description: "How it is built in; absent where the name leaves it open.",
  }),
  year: z.int().min(2010).meta({ description: "Year in which it was launched." }),
  memory_gib: z.number().positive().meta({ description: "Memory installed, as its maker states it, GiB." }),
  memory_type: z.string().meta({ description: "Kind of memory." }),
  memory_bandwidth_gb_s: z.number().positive().meta({ description: "Memory bandwidth, GB/s (10^9 bytes)." }),
  fp16_tflops: dense("FP16 or BF16 with sums in 32 bits, TFLOPS"),
  fp8_tflops: dense("FP8 with sums in 32 bits where its maker tells them apart, TFLOPS"),
  fp4_tflops: dense("FP4, TFLOPS"),
  int8_tops: dense("INT8, TOPS"),
  architecture: z.string().meta({ description: "The maker's name of the architecture." }),
  tdp_w: z.number().positive().meta({ description: "Thermal design power, W." }),
  segment: z.enum(["consumer", "workstation", "datacenter"]).meta({ description: "Whom it is made for." }),
  ecc: z.boolean().meta({ description: "Whether its memory corrects errors." }),
  source,
  note,
}).meta({ id: "CatalogGpu", description: "One GPU of the catalogue." });

export const CatalogModel = z.strictObject({
  name: z.string().min(1).meta({ description: "Name as Ollama knows it." }),
  family: z.string().meta({ description: "Architecture family." }),
  parameters: z.int().positive().meta({ description: "Number of parameters." }),
  active_parameters: z.int().positive().optional().meta({
    description: "Parameters that one token uses, of a mixture of experts.",
  }),
  context_length: z.int().positive().meta({ description: "Longest context, tokens." }),
  layers: z.int().positive().meta({ description: "Layers that keep keys and values." }),
  kv_heads: z.int().positive().meta({ description: "Key and value heads of a layer." }),
  head_dim: z.int().positive().meta({ description: "Numbers in one key or value." }),
  quantization: z.string().meta({ description: "Quantisation that the plain name stands for." }),
  sizes_gb: z.record(z.string(), z.number().positive()).meta({
    description: "Size of the weights by quantisation, GB (10^9 bytes).",
  }),
  source,
  note,
}).meta({ id: "CatalogModel", description: "One model of the catalogue." });

export const GpuCatalog = z.strictObject({
  $schema: schemaPath,
  gpus: z.array(CatalogGpu).min(1).meta({ description: "Known GPUs." }),
}).meta({ id: "GpuCatalog", description: "data/catalog/gpus.json" });

export const ModelCatalog = z.strictObject({
  $schema: schemaPath,
  models: z.array(CatalogModel).min(1).meta({ description: "Known models." }),
}).meta({ id: "ModelCatalog", description: "data/catalog/models.json" });

export type CatalogGpu = z.infer<typeof CatalogGpu>;
export type CatalogModel = z.infer<typeof CatalogModel>;
