// The evidence as it lies there now, beside what the last build saw: only what is not as it was is read again.
import { join } from "node:path";
import { isSystemError, sha256Hex } from "../lib/files.ts";
import type { BuildRecord } from "../schema/build_record.ts";
import { type Checked, intact } from "./intact.ts";
import type { RawDirectory } from "./scan.ts";

type Place = Pick<RawDirectory, "run_id" | "entry_id">;

export class Seen {
  readonly #before: BuildRecord["evidence"];
  readonly #states = new Map<string, string>();
  readonly #checked = new Map<string, Checked>();

  /** `before`: the states that the last build wrote down. */
  constructor(before: BuildRecord["evidence"]) {
    this.#before = before;
  }

  /** What stands for the directory as long as nothing in it changes: looked at once, before it is read. */
  stateOf(directory: RawDirectory): string {
    const name = nameOf(directory);
    const state = this.#states.get(name) ?? stateNow(directory);
    this.#states.set(name, state);
    return state;
  }

  /** Whether it is as it was when the last build read it. */
  isAsBefore(directory: RawDirectory): boolean {
    return this.#before[nameOf(directory)] === this.stateOf(directory);
  }

  /** The directory as its seal tells of it, or why it is not that; read once. */
  check(directory: RawDirectory): Checked {
    const known = this.#checked.get(directory.path);
    if (known !== undefined) return known;
    this.stateOf(directory);
    const found = intact(directory);
    this.#checked.set(directory.path, found);
    return found;
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
