// Finds the GGUF file of a model, writing it first when it is a synthetic one, and names it by its digest.
import { createHash } from "node:crypto";
import { basename, join } from "node:path";
import { messageOf, UserError } from "../../errors.ts";
import { makeWhole } from "../../lib/temporary.ts";
import { ggufChunks, ggufSize } from "./gguf.ts";
import { shapeOf } from "./shapes.ts";

/** A GGUF file on disk; `digest` is the SHA-256 of the whole file. */
export interface ModelFile {
  readonly path: string;
  readonly size_bytes: number;
  readonly digest: string;
}

/** The file of `model` (`synthetic:<size>` or a path); a UserError says why there is none. */
export async function modelFile(
  model: string,
  modelsDir: string,
  progress: (line: string) => void,
): Promise<ModelFile> {
  const size = /^synthetic:(.*)$/.exec(model)?.[1];
  const path = size === undefined ? model : await syntheticFile(size, modelsDir, progress);
  const size_bytes = await checkedSize(path);
  progress(`checking ${basename(path)}`);
  return { path, size_bytes, digest: await sha256(path) };
}

async function syntheticFile(
  size: string,
  modelsDir: string,
  progress: (line: string) => void,
): Promise<string> {
  const shape = shapeOf(size);
  const name = `synthetic-${size}`;
  const path = join(modelsDir, `${name}-q8_0.gguf`);
  const bytes = ggufSize(shape, name);
  if (await sizeOf(path) === bytes) return path;
  progress(`writing ${basename(path)} (${Math.ceil(bytes / 1e6)} MB of random weights)`);
  try {
    await Deno.mkdir(modelsDir, { recursive: true });
    await makeWhole(path, (file) => writeChunks(file, ggufChunks(shape, name)));
  } catch (error) {
    throw new UserError(
      `Cannot write the model ${path}: ${messageOf(error)}`,
      `It needs ${Math.ceil(bytes / 1e6)} MB; free some space, or choose a smaller synthetic model.`,
      { cause: error },
    );
  }
  return path;
}

async function writeChunks(file: Deno.FsFile, chunks: Iterable<Uint8Array>): Promise<void> {
  for (const chunk of chunks) {
    for (let at = 0; at < chunk.length;) at += await file.write(chunk.subarray(at));
  }
}

async function sizeOf(path: string): Promise<number | undefined> {
  return await Deno.stat(path).then((info) => info.size, () => undefined);
}

async function checkedSize(path: string): Promise<number> {
  const hint = "Name a .gguf file, or synthetic:15m for a synthetic model.";
  const found = await Deno.stat(path).catch((error) => {
    throw new UserError(`Cannot read the model ${path}: ${messageOf(error)}`, hint, { cause: error });
  });
  if (!found.isFile) throw new UserError(`Cannot read the model ${path}: it is not a file`, hint);
  using file = await Deno.open(path);
  const magic = new Uint8Array(4);
  await file.read(magic);
  if (new TextDecoder().decode(magic) !== "GGUF") {
    throw new UserError(
      `Cannot read the model ${path}: it is not a GGUF file (its first bytes are not "GGUF")`,
      hint,
    );
  }
  return found.size;
}

async function sha256(path: string): Promise<string> {
  const hash = createHash("sha256");
  using file = await Deno.open(path);
  const buffer = new Uint8Array(1 << 20);
  for (let read = await file.read(buffer); read !== null; read = await file.read(buffer)) {
    hash.update(buffer.subarray(0, read));
  }
  return hash.digest("hex");
}
