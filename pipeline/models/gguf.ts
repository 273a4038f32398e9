// PURE. The metadata at the beginning of a GGUF file, as far as the bytes go: shapes come before the long lists of tokens.
import { KV_BYTES } from "../schema/model_facts.ts";
import type { Shapes } from "./config.ts";

/** Bytes of a file that hold its shapes. */
export const HEADER_BYTES = 256 << 10;

const MAGIC = "GGUF";
const MOST_FIELDS = 10_000;
const LONGEST_KEY = 256;
const LONGEST_TEXT = 4096;
/** Lists are kept that have a number for each layer. */
const LONGEST_LIST = 1024;

type Value = number | string | number[] | null;

const STRING = 8;
const ARRAY = 9;
/** By type: its bytes, and how they are read. */
const NUMBERS: Readonly<
  Record<number, readonly [bytes: number, read: (view: DataView, at: number) => number]>
> = {
  0: [1, (view, at) => view.getUint8(at)],
  1: [1, (view, at) => view.getInt8(at)],
  2: [2, (view, at) => view.getUint16(at, true)],
  3: [2, (view, at) => view.getInt16(at, true)],
  4: [4, (view, at) => view.getUint32(at, true)],
  5: [4, (view, at) => view.getInt32(at, true)],
  6: [4, (view, at) => view.getFloat32(at, true)],
  7: [1, (view, at) => view.getUint8(at)],
  10: [8, (view, at) => Number(view.getBigUint64(at, true))],
  11: [8, (view, at) => Number(view.getBigInt64(at, true))],
  12: [8, (view, at) => view.getFloat64(at, true)],
};

/** The fields that lie whole in `bytes`; none where they are no GGUF file. */
export function ggufFields(bytes: Uint8Array): Map<string, Value> {
  const fields = new Map<string, Value>();
  const reader = new Reader(bytes);
  try {
    if (reader.text(MAGIC.length) !== MAGIC || reader.number(4) < 2) return fields;
    reader.number(10);
    const count = Math.min(reader.number(10), MOST_FIELDS);
    while (fields.size < count) {
      const key = reader.string(LONGEST_KEY);
      if (key === null) break;
      fields.set(key, reader.value(reader.number(4)));
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  return fields;
}

/** The shapes that fields of a header, or Ollama's `model_info`, tell. */
export function shapesIn(fields: ReadonlyMap<string, unknown>): Shapes {
  const architecture = fields.get("general.architecture");
  const of = (key: string) => fields.get(`${architecture}.${key}`);
  const heads = most(of("attention.head_count"));
  const kv = of("attention.head_count_kv");
  const blocks = most(of("block_count"));
  const embedding = most(of("embedding_length"));
  const usual = heads === null || embedding === null ? null : Math.floor(embedding / heads);
  const key_length = most(of("attention.key_length")) ?? usual;
  const value_length = most(of("attention.value_length")) ?? key_length;
  const rank = most(of("attention.kv_lora_rank"));
  // Which of its layers slide is not told everywhere.
  const slides = of("attention.sliding_window") !== undefined || of("ssm.conv_kernel") !== undefined;
  const layers = slides ? null : Array.isArray(kv) ? kv.filter((each) => each > 0).length || null : blocks;
  const kv_heads = rank === null ? most(kv) ?? heads : 1;
  const compressed = rank === null ? null : rank + (most(of("rope.dimension_count")) ?? 0);
  const kept = compressed ??
    (kv_heads === null || key_length === null || value_length === null
      ? null
      : kv_heads * (key_length + value_length));
  return {
    parameters: most(fields.get("general.parameter_count")),
    layers,
    heads,
    kv_heads,
    head_dim: compressed ?? key_length,
    kv_bytes_per_token: layers === null || kept === null ? null : layers * kept * KV_BYTES,
    context_length: most(of("context_length")),
  };
}

/** A number of sane size, or the largest of a list; null when there is none. */
function most(told: unknown): number | null {
  const numbers = (Array.isArray(told) ? told : [told])
    .filter((each): each is number => Number.isInteger(each) && each > 0 && each <= 1e14);
  return numbers.length === 0 ? null : Math.max(...numbers);
}

/** Reads on from the beginning; a RangeError where the bytes end. */
class Reader {
  #at = 0;
  readonly #view: DataView;

  constructor(private readonly bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  number(type: number): number {
    const [bytes, read] = NUMBERS[type] ?? [];
    if (bytes === undefined || read === undefined) throw new RangeError(`unknown type ${type}`);
    const value = read(this.#view, this.#at);
    this.#at += bytes;
    return value;
  }

  text(length: number): string {
    const end = this.#end(length);
    const text = new TextDecoder().decode(this.bytes.subarray(this.#at, end));
    this.#at = end;
    return text;
  }

  /** A text of at most `longest` bytes; a longer one is passed over. */
  string(longest: number): string | null {
    const length = this.number(10);
    if (length <= longest) return this.text(length);
    this.#at = this.#end(length);
    return null;
  }

  value(type: number): Value {
    if (type === STRING) return this.string(LONGEST_TEXT);
    return type === ARRAY ? this.#list() : this.number(type);
  }

  #list(): number[] | null {
    const type = this.number(4);
    const length = this.number(10);
    const [bytes] = NUMBERS[type] ?? [];
    if (bytes !== undefined && length <= LONGEST_LIST) {
      return Array.from({ length }, () => this.number(type));
    }
    if (bytes !== undefined) this.#at = this.#end(bytes * length);
    else if (type === STRING) { for (let n = 0; n < length; n++) this.string(0); }
    else throw new RangeError("lists of lists are not read");
    return null;
  }

  #end(length: number): number {
    const end = this.#at + length;
    if (!(end <= this.bytes.length)) throw new RangeError("the bytes end");
    return end;
  }
}
