// What the embedded server tells about the model it serves: the `meta` of /v1/models and of the ready line.
import { z } from "zod";

export const cardSchema = z.object({
  size_bytes: z.int().meta({ description: "Size of the GGUF file, in bytes" }),
  parameter_count: z.int().meta({ description: "Number of weights in the file" }),
  quantization: z.string().meta({ description: "Main type of the weights, such as Q8_0" }),
  family: z.string().meta({ description: "Architecture, such as llama" }),
  weights: z.enum(["random", "real"]).meta({
    description: "random: a synthetic model, its text means nothing",
  }),
  runtime_version: z.string().meta({ description: "The llama.cpp release and the binding that ran it" }),
  digest: z.string().meta({ description: "sha256 of the GGUF file" }),
  context_length: z.int().meta({ description: "Tokens that one slot holds, prompt and answer together" }),
  slots: z.int().meta({ description: "Requests that are served at the same time; more wait in a queue" }),
  device: z.string().meta({ description: "cpu, cuda, vulkan or metal" }),
  threads: z.int().meta({ description: "CPU threads used to evaluate" }),
  size_vram_bytes: z.int().meta({ description: "Bytes of the model in GPU memory; 0 without a GPU" }),
});

/** The facts about a served model. */
export type ModelCard = z.output<typeof cardSchema>;
