// PURE. What the hub tells of a repository (GET /api/models/<name>?blobs=true): who may read it, its files and their sizes.
import { z } from "zod";
import { Count, Flag, objectIn } from "./numbers.ts";

export interface File {
  readonly path: string;
  /** Bytes. */
  readonly size: number | null;
}

export interface Repository {
  /** Gated or private: an engine needs a token that was let in. */
  readonly needs_token: boolean;
  readonly files: readonly File[];
  readonly parameters: number | null;
  /** Numbers in safetensors by dtype, such as BF16. */
  readonly by_dtype: Readonly<Record<string, number>>;
  /** Parameters of its GGUF files. */
  readonly gguf_parameters: number | null;
}

/** A repository has some hundred. */
const MOST_FILES = 20_000;

const Numbers = z.record(z.string().max(20), z.number().min(0).max(1e14)).nullish().catch(null);
const NoFile = { rfilename: "", size: null };
const Told = z.object({
  gated: z.union([z.boolean(), z.string()]).nullish().catch(null),
  private: Flag,
  siblings: z.array(z.object({ rfilename: z.string().max(1000), size: Count }).catch(NoFile)).max(MOST_FILES)
    .nullish().catch(null),
  safetensors: z.object({ parameters: Numbers, total: Count }).nullish().catch(null),
  gguf: z.object({ total: Count }).nullish().catch(null),
});
const Index = z.object({ metadata: z.object({ total_size: Count }).nullish().catch(null) });

/** Bytes of a number by dtype; smaller ones are packed into these. */
const DTYPE_BYTES: ReadonlyMap<string, number> = new Map([
  ["F64", 8],
  ["F32", 4],
  ["F16", 2],
  ["BF16", 2],
  ["I64", 8],
  ["I32", 4],
  ["I16", 2],
  ["I8", 1],
  ["U8", 1],
  ["BOOL", 1],
  ["F8_E4M3", 1],
  ["F8_E5M2", 1],
  ["F8_E8M0", 1],
]);

/** What `text` tells of a repository; null when it is no such answer. */
export function readRepository(text: string): Repository | null {
  const object = objectIn(text);
  if (object === null) return null;
  const told = Told.parse(object);
  return {
    needs_token: (told.gated ?? false) !== false || told.private === true,
    files: (told.siblings ?? []).flatMap(({ rfilename: path, size }) => path === "" ? [] : [{ path, size }]),
    parameters: told.safetensors?.total ?? null,
    by_dtype: told.safetensors?.parameters ?? {},
    gguf_parameters: told.gguf?.total ?? null,
  };
}

/** metadata.total_size of a model.safetensors.index.json, bytes. */
export function readIndex(text: string): number | null {
  const object = objectIn(text);
  return object === null ? null : Index.parse(object).metadata?.total_size ?? null;
}

/** The files that engines load: of the forms in which a repository may hold its weights the first that is there. */
const FORMS: readonly RegExp[] = [
  /^model(-\d+-of-\d+)?\.safetensors$/,
  /^[^/]+\.safetensors$/,
  /^pytorch_model(-\d+-of-\d+)?\.bin$/,
  /^[^/]+\.(bin|pth?)$/,
];

/** Bytes of the weights; null where no file of them tells its size. */
export function weightBytes({ files }: Repository): number | null {
  const form = FORMS.find((pattern) => files.some(({ path }) => pattern.test(path)));
  return form === undefined ? null : bytesOf(files.filter(({ path }) => form.test(path)));
}

/** Bytes that engines fetch: all safetensors, in whatever folder but `original`; else the weights. */
export function fetchedBytes(repository: Repository): number | null {
  const all = repository.files.filter(({ path }) =>
    path.endsWith(".safetensors") && !path.startsWith("original/")
  );
  return all.length === 0 ? weightBytes(repository) : bytesOf(all);
}

/** Bytes that the numbers in safetensors take; null where none are told. */
export function bytesByDtype({ by_dtype }: Repository): number | null {
  const bytes = Object.entries(by_dtype)
    .reduce((sum, [dtype, count]) => sum + count * (DTYPE_BYTES.get(dtype) ?? 1), 0);
  return bytes > 0 ? bytes : null;
}

/** The dtype of most numbers. */
export function usualDtype({ by_dtype }: Repository): string | null {
  const [first] = Object.entries(by_dtype).sort(([, a], [, b]) => b - a);
  return first !== undefined && DTYPE_BYTES.has(first[0]) ? first[0] : null;
}

/** Bytes of `files` together; null when one does not tell. */
export function bytesOf(files: readonly File[]): number | null {
  const sizes = files.flatMap(({ size }) => size ?? []);
  return sizes.length === 0 || sizes.length < files.length
    ? null
    : sizes.reduce((sum, size) => sum + size, 0);
}
