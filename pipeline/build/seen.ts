// The evidence as it lies there now, beside what the last build saw: only what is not as it was is read again.
import { join } from "node:path";
import { isSystemError, sha256Hex } from "../lib/files.ts";
import type { BuildRecord } from "../schema/build_record.ts";
import { changedFile, type Checked, readSeal } from "./intact.ts";
import type { RawDirectory, SealedDirectory } from "./scan.ts";

type Place = Pick<RawDirectory, "run_id" | "entry_id">;

export class Seen {
  readonly #before: BuildRecord["evidence"];
  readonly #states = new Map<string, string>();
  readonly #seals = new Map<string, Checked>();
  readonly #changedFiles = new Map<string, string | null>();

  /** `before`: the states that the last build wrote down. */
  constructor(before: BuildRecord["evidence"]) {
    this.#before = before;
  }

  /** What stands for the directory as long as nothing in it changes: looked at once, before it is read. */
  stateOf(directory: RawDirectory): string {
    return this.#states.getOrInsertComputed(nameOf(directory), () => stateNow(directory));
  }

  /** Whether it is as it was when the last build read it. */
  isAsBefore(directory: RawDirectory): boolean {
    return this.#before[nameOf(directory)] === this.stateOf(directory);
  }

  /** The directory as its seal tells of it, its files not read yet, or why it cannot be that; looked at once. */
  readSeal(directory: RawDirectory): Checked {
    this.stateOf(directory);
    return this.#seals.getOrInsertComputed(directory.path, () => readSeal(directory));
  }

  /** Why the files of a directory are not those that were sealed, null when they are; read once. */
  changedFile(directory: SealedDirectory): string | null {
    return this.#changedFiles.getOrInsertComputed(directory.path, () => changedFile(directory));
  }

  /** Whether the directory is what was sealed; read once. */
  isIntact(directory: RawDirectory): boolean {
    const found = this.readSeal(directory);
    return "sealed" in found && this.changedFile(found.sealed) === null;
  }

  /** The states of these directories, to be written down. */
  statesOf(directories: readonly RawDirectory[]): BuildRecord["evidence"] {
    return Object.fromEntries(directories.map((each) => [nameOf(each), this.stateOf(each)]));
  }
}

/** `<run>/<entry>`. */
export function nameOf({ run_id, entry_id }: Place): string {
  return `${run_id}/${entry_id}`;
}

/** Names, sizes and times of all that lies there; whatever writes to a file moves the time of its last change, which nobody can set. */
function stateNow({ path, seal }: RawDirectory): string {
  try {
    const files = [...Deno.readDirSync(path)].map(({ name }) => {
      const { size, mtime, ctime } = Deno.lstatSync(join(path, name));
      return `${name} ${size} ${mtime?.getTime()} ${ctime?.getTime()}`;
    });
    return sha256Hex([seal, ...files.sort()].join("\n"));
  } catch (error) {
    if (isSystemError(error)) return seal;
    throw error;
  }
}
