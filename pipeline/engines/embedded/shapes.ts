// The Llama shapes a synthetic model may have, and the tensors that follow from a shape. Pure.
import { UserError } from "../../errors.ts";

/** The dimensions of a Llama-architecture model; `tied` means the output matrix is the embedding matrix. */
export interface Shape {
  readonly layers: number;
  readonly embedding: number;
  readonly heads: number;
  readonly kv_heads: number;
  readonly feed_forward: number;
  readonly vocabulary: number;
  readonly context: number;
  readonly tied: boolean;
}

/** One tensor: `rows` rows of `columns` values; norms are F32 ones, matrices are Q8_0. */
export interface Tensor {
  readonly name: string;
  readonly kind: "norm" | "matrix";
  readonly columns: number;
  readonly rows: number;
}

const shapes = {
  "15m": shape(6, 288, 6, 6, 768, 2048, true),
  "42m": shape(8, 512, 8, 8, 1376, 2048, true),
  "110m": shape(12, 768, 12, 12, 2048, 2048, true),
  "1b": shape(22, 2048, 32, 4, 5632, 2048, false),
  "7b": shape(32, 4096, 32, 32, 11008, 4096, false),
} satisfies Record<string, Shape>;

function shape(
  layers: number,
  embedding: number,
  heads: number,
  kv_heads: number,
  feed_forward: number,
  context: number,
  tied: boolean,
): Shape {
  return { layers, embedding, heads, kv_heads, feed_forward, vocabulary: 32_000, context, tied };
}

/** The sizes that may follow `synthetic:`, smallest first. */
export const syntheticSizes: readonly string[] = Object.keys(shapes);

/** The shape called `size`, such as `15m`; a UserError lists the known sizes. */
export function shapeOf(size: string): Shape {
  const found = Object.entries(shapes).find(([name]) => name === size)?.[1];
  if (found !== undefined) return found;
  throw new UserError(
    `Cannot make the model synthetic:${size}: there is no such size`,
    `Use one of ${syntheticSizes.map((name) => `synthetic:${name}`).join(", ")}.`,
  );
}

/** Every tensor of a model, in file order, named as llama.cpp names them. */
export function tensorsOf(shape: Shape): Tensor[] {
  const { embedding, feed_forward, vocabulary } = shape;
  const kvWidth = embedding / shape.heads * shape.kv_heads;
  const blocks = Array.from({ length: shape.layers }, (_, layer) => [
    norm(`blk.${layer}.attn_norm.weight`, embedding),
    matrix(`blk.${layer}.attn_q.weight`, embedding, embedding),
    matrix(`blk.${layer}.attn_k.weight`, embedding, kvWidth),
    matrix(`blk.${layer}.attn_v.weight`, embedding, kvWidth),
    matrix(`blk.${layer}.attn_output.weight`, embedding, embedding),
    norm(`blk.${layer}.ffn_norm.weight`, embedding),
    matrix(`blk.${layer}.ffn_gate.weight`, embedding, feed_forward),
    matrix(`blk.${layer}.ffn_up.weight`, embedding, feed_forward),
    matrix(`blk.${layer}.ffn_down.weight`, feed_forward, embedding),
  ]);
  return [
    matrix("token_embd.weight", embedding, vocabulary),
    ...blocks.flat(),
    norm("output_norm.weight", embedding),
    ...(shape.tied ? [] : [matrix("output.weight", embedding, vocabulary)]),
  ];
}

function norm(name: string, columns: number): Tensor {
  return { name, kind: "norm", columns, rows: 1 };
}

function matrix(name: string, columns: number, rows: number): Tensor {
  return { name, kind: "matrix", columns, rows };
}

/** The number of weights in the file; a tied output matrix is counted once. */
export function parameterCount(shape: Shape): number {
  return tensorsOf(shape).reduce((sum, tensor) => sum + tensor.columns * tensor.rows, 0);
}
