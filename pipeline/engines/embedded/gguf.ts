// Writes a GGUF version 3 file of a Llama model with random Q8_0 weights, as a sequence of byte chunks. Pure:
// the same shape gives the same bytes on every machine, so the file's digest names it.
import { ByteWriter } from "./byte_writer.ts";
import { parameterCount, type Shape, type Tensor, tensorsOf } from "./shapes.ts";
import { vocabulary } from "./vocabulary.ts";

/** The metadata key and value by which a file says that its weights are random. */
export const weightsKey = "almanac.weights";
export const randomWeights = "random";

const ALIGNMENT = 32;
const F32 = 0, Q8_0 = 8, MOSTLY_Q8_0 = 7;
/** A Q8_0 block: a half-precision scale, then 32 signed bytes. */
const BLOCK_VALUES = 32, BLOCK_BYTES = 34;
const BLOCKS_PER_CHUNK = 1 << 16;
/** The standard deviation of a byte drawn evenly from -128 … 127. */
const BYTE_DEVIATION = 73.9;
const SEED = 0x9e3779b9;

/** The file's bytes in order, at most about 2 MB a chunk; a chunk is valid until the next one is asked for. */
export function* ggufChunks(shape: Shape, name: string): Generator<Uint8Array<ArrayBuffer>> {
  yield ggufHeader(shape, name);
  const random = xorshift32(SEED);
  for (const tensor of tensorsOf(shape)) {
    let written = 0;
    for (const chunk of tensor.kind === "norm" ? normChunks(tensor) : matrixChunks(tensor, random)) {
      written += chunk.length;
      yield chunk;
    }
    if (written % ALIGNMENT !== 0) yield new Uint8Array(ALIGNMENT - written % ALIGNMENT);
  }
}

/** The size of the whole file, in bytes. */
export function ggufSize(shape: Shape, name: string): number {
  return tensorsOf(shape).reduce(
    (sum, tensor) => sum + aligned(tensorBytes(tensor)),
    ggufHeader(shape, name).length,
  );
}

/** Everything before the tensor data: magic, metadata, tensor table, padding to the alignment. */
export function ggufHeader(shape: Shape, name: string): Uint8Array<ArrayBuffer> {
  const tensors = tensorsOf(shape);
  const pieces = vocabulary(shape.vocabulary);
  const fields: [key: string, write: (out: ByteWriter) => void][] = [
    ["general.architecture", (out) => out.stringValue("llama")],
    ["general.name", (out) => out.stringValue(name)],
    ["general.file_type", (out) => out.uint32Value(MOSTLY_Q8_0)],
    ["general.quantization_version", (out) => out.uint32Value(2)],
    ["general.parameter_count", (out) => out.uint64Value(parameterCount(shape))],
    [weightsKey, (out) => out.stringValue(randomWeights)],
    ["llama.block_count", (out) => out.uint32Value(shape.layers)],
    ["llama.context_length", (out) => out.uint32Value(shape.context)],
    ["llama.embedding_length", (out) => out.uint32Value(shape.embedding)],
    ["llama.feed_forward_length", (out) => out.uint32Value(shape.feed_forward)],
    ["llama.attention.head_count", (out) => out.uint32Value(shape.heads)],
    ["llama.attention.head_count_kv", (out) => out.uint32Value(shape.kv_heads)],
    ["llama.attention.layer_norm_rms_epsilon", (out) => out.float32Value(1e-5)],
    ["llama.rope.dimension_count", (out) => out.uint32Value(shape.embedding / shape.heads)],
    ["llama.vocab_size", (out) => out.uint32Value(shape.vocabulary)],
    ["tokenizer.ggml.model", (out) => out.stringValue("llama")],
    ["tokenizer.ggml.tokens", (out) => out.stringsValue(pieces.map((piece) => piece.text))],
    ["tokenizer.ggml.scores", (out) => out.float32sValue(pieces.map((piece) => piece.score))],
    ["tokenizer.ggml.token_type", (out) => out.int32sValue(pieces.map((piece) => piece.kind))],
    ["tokenizer.ggml.unknown_token_id", (out) => out.uint32Value(0)],
    ["tokenizer.ggml.bos_token_id", (out) => out.uint32Value(1)],
    ["tokenizer.ggml.eos_token_id", (out) => out.uint32Value(2)],
  ];
  const out = new ByteWriter();
  out.ascii("GGUF");
  out.uint32(3);
  out.uint64(tensors.length);
  out.uint64(fields.length);
  for (const [key, write] of fields) {
    out.string(key);
    write(out);
  }
  let offset = 0;
  for (const tensor of tensors) {
    const dimensions = tensor.kind === "norm" ? [tensor.columns] : [tensor.columns, tensor.rows];
    out.string(tensor.name);
    out.uint32(dimensions.length);
    dimensions.forEach((dimension) => out.uint64(dimension));
    out.uint32(tensor.kind === "norm" ? F32 : Q8_0);
    out.uint64(offset);
    offset += aligned(tensorBytes(tensor));
  }
  out.pad(ALIGNMENT);
  return out.bytes();
}

function tensorBytes({ kind, columns, rows }: Tensor): number {
  return kind === "norm" ? columns * 4 : columns / BLOCK_VALUES * rows * BLOCK_BYTES;
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

function* normChunks(tensor: Tensor): Generator<Uint8Array<ArrayBuffer>> {
  const bytes = new DataView(new ArrayBuffer(tensor.columns * 4));
  for (let column = 0; column < tensor.columns; column++) bytes.setFloat32(column * 4, 1, true);
  yield new Uint8Array(bytes.buffer);
}

/** Blocks of random bytes whose scale gives every output a variance near 1 for inputs of variance 1. */
function* matrixChunks(tensor: Tensor, random: () => number): Generator<Uint8Array<ArrayBuffer>> {
  const scale = 1 / Math.sqrt(tensor.columns) / BYTE_DEVIATION;
  const words = new Uint32Array(BLOCKS_PER_CHUNK * BLOCK_BYTES / 4);
  const view = new DataView(words.buffer);
  let blocks = tensor.columns / BLOCK_VALUES * tensor.rows;
  while (blocks > 0) {
    const count = Math.min(blocks, BLOCKS_PER_CHUNK);
    const length = count * BLOCK_BYTES;
    for (let word = 0; word < length / 4; word++) words[word] = random();
    for (let block = 0; block < count; block++) view.setFloat16(block * BLOCK_BYTES, scale, true);
    yield new Uint8Array(words.buffer, 0, length);
    blocks -= count;
  }
}

/** Marsaglia's 32-bit xorshift: evenly spread words, the same sequence for the same seed. */
function xorshift32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state;
  };
}
