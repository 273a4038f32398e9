// Lines that are left out: the exact list for the seal, and one sentence for each kind of fault for people.
import type { RejectedLine } from "../schema/provenance.ts";
import { cutText } from "../schema/text.ts";

/** A file with more lines that cannot be used is no file of its kind. */
const MOST_REJECTED = 10_000;
const LONGEST_REASON = 200;
const MOST_SENTENCES = 20;
const FIRST_LINES = 3;

/** The faults of one file. */
export class Rejections {
  readonly #lines: RejectedLine[] = [];
  #whole: string | null = null;

  constructor(readonly file: string) {}

  add(line: number, reason: string): void {
    if (this.#lines.length <= MOST_REJECTED) {
      this.#lines.push({ file: this.file, line, reason: cutText(reason, LONGEST_REASON) });
    }
  }

  /** Leaves out the whole file. */
  addWhole(reason: string): void {
    this.#whole ??= reason;
  }

  /** Why the file as a whole cannot be used; null when it can. */
  get whole(): string | null {
    if (this.#lines.length <= MOST_REJECTED) return this.#whole;
    const [first] = this.#lines;
    const most = MOST_REJECTED.toLocaleString("en");
    return `more than ${most} of its lines cannot be used (line ${first?.line}: ${first?.reason})`;
  }

  /** Its lines, or one that stands for all of it. */
  get lines(): RejectedLine[] {
    return this.whole === null ? this.#lines : wholeFile(this.file, this.whole);
  }
}

/** A file that is left out whole. */
export function wholeFile(file: string, reason: string): RejectedLine[] {
  return [{ file, line: 1, reason: cutText(reason, LONGEST_REASON), whole: true }];
}

/** One sentence for each kind of fault in each file, at most twenty. */
export function inWords(rejected: readonly RejectedLine[]): string[] {
  const kinds = [...Map.groupBy(rejected, ({ file, reason }) => `${file} ${kindOf(reason)}`).values()];
  const sentences = kinds.slice(0, MOST_SENTENCES).map(sentence);
  const others = kinds.slice(MOST_SENTENCES).flat().length;
  return others === 0
    ? sentences
    : [...sentences, `${others} more lines were left out for other reasons, which provenance.json lists`];
}

function sentence(kind: readonly RejectedLine[]): string {
  const [first = { file: "", line: 1, reason: "" }] = kind;
  if (kind.length === 1) return `${first.file}:${first.line} was left out: ${first.reason}`;
  const lines = kind.slice(0, FIRST_LINES).map(({ line }) => line).join(", ");
  const more = kind.length > FIRST_LINES ? " …" : "";
  return `${first.file}: ${kind.length} lines were left out (${lines}${more}), the first because ${first.reason}`;
}

/** The reason without the values that were found. */
function kindOf(reason: string): string {
  return reason.replace(/"(?:[^"\\]|\\.)*"?|-?\d[\d.e+]*/g, "");
}
