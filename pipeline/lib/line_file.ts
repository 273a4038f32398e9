// A file of JSON lines that is only appended to, each line on disk before the next act, and that survives a crash in any line.
import { dirname } from "node:path";
import type { z } from "zod";
import { UserError } from "../errors.ts";
import { wellFormedJson } from "../schema/text.ts";
import { NOT_THERE, whyNoFile, writeAll } from "./files.ts";

type Timeless<T> = T extends unknown ? Omit<T, "at"> : never;

export class LineFile<T extends { readonly at: string }> implements Disposable {
  readonly #file: Deno.FsFile;
  readonly #schema: z.ZodType<T>;
  readonly #lines: T[];

  private constructor(file: Deno.FsFile, schema: z.ZodType<T>, lines: T[]) {
    this.#file = file;
    this.#schema = schema;
    this.#lines = lines;
  }

  /** Opens the file at `path` for appending, with what it already says. */
  static async open<T extends { readonly at: string }>(
    path: string,
    schema: z.ZodType<T>,
    reading: Lenient<T>,
  ): Promise<LineFile<T>> {
    await Deno.mkdir(dirname(path), { recursive: true });
    const file = await Deno.open(path, { read: true, append: true, create: true });
    const lines = await readLines(path, schema, reading);
    await cutUnfinishedLine(path, file);
    return new LineFile(file, schema, lines);
  }

  /** All lines, oldest first. */
  get lines(): readonly T[] {
    return this.#lines;
  }

  /** Appends one line and waits until the disk has it. */
  append(line: Timeless<T>): T {
    const whole = this.#schema.parse({ ...line, at: new Date().toISOString() });
    const bytes = new TextEncoder().encode(`${wellFormedJson(whole)}\n`);
    const { size } = this.#file.statSync();
    try {
      writeAll(this.#file, bytes);
      this.#file.syncDataSync();
    } catch (error) {
      // The next line must start clean, should there be room for one again.
      this.#file.truncateSync(size);
      throw error;
    }
    this.#lines.push(whole);
    return whole;
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}

/** How lines are read that may be damaged. */
export interface Lenient<T> {
  /** Told of lines that are left out. */
  readonly warn: (message: string) => void;
  /** Throws when a line cannot follow those before it. */
  readonly admit?: (line: T) => void;
}

/**
 * The lines of the file at `path`, oldest first. A last line that is not complete, because it is being written or a crash cut it
 * short, is left out; any other line that cannot be is left out by name, and the rest is read.
 */
export async function readLines<T>(
  path: string,
  schema: z.ZodType<T>,
  { warn, admit = () => undefined }: Lenient<T>,
): Promise<T[]> {
  const why = await whyNoFile(path);
  if (why !== null && why !== NOT_THERE) {
    throw new UserError(`Cannot read ${path}: ${why}`, "Put the file itself there, as it was written.");
  }
  const faults = new Map<string, number[]>();
  const lines = (await Deno.readTextFile(path)).split("\n").slice(0, -1).flatMap((text, index) => {
    try {
      const line = schema.parse(JSON.parse(text));
      admit(line);
      return [line];
    } catch (error) {
      const reason = error instanceof TypeError ? error.message : "it is not a journal line";
      faults.set(reason, [...faults.get(reason) ?? [], index + 1]);
      return [];
    }
  });
  for (const [reason, [first, ...others]] of faults) {
    const more = others.length === 0
      ? ""
      : ` and ${others.length} more ${others.length === 1 ? "line" : "lines"}`;
    warn(`${path}:${first}${more} left out: ${reason}`);
  }
  return lines;
}

/** What follows the last line break was cut short by a crash; the next line must start clean. */
async function cutUnfinishedLine(path: string, file: Deno.FsFile): Promise<void> {
  const bytes = await Deno.readFile(path);
  const end = bytes.lastIndexOf(0x0a) + 1;
  if (end < bytes.length) await file.truncate(end);
}
