// Lines of results.jsonl that tell of a request a second time, however they write it. What may be another request of the same times is none.
import { isFailed } from "../schema/failed.ts";
import { Phase } from "../schema/names.ts";
import type { RequestLine } from "../schema/request.ts";
import { RequestTable } from "./request_table.ts";

/** How a file's requests were sent. */
export interface Sent {
  /** Load level of lines that tell none. */
  readonly told_level: number;
  /** Whether requests were sent without waiting for others. */
  readonly isOpen: boolean;
}

/** Requests that end together are written down within this time. */
const BACK_SECONDS = 1;
/** No line can tell this number. */
const UNKNOWN = Infinity;

/** The request lines of a file, in its order. */
export class RepeatedRequests {
  readonly #sent: Sent;
  readonly #first = new RequestTable();
  /** Requests that say the same of themselves as one of these, and are others. */
  readonly #others = new RequestTable();
  /** When the last of the requests so far ended, seconds since 1970. */
  #latest = -Infinity;
  #isInOrder = true;
  /** Whether the file has begun anew, and tells what it told before. */
  #isAgain = false;

  constructor(sent: Sent) {
    this.#sent = sent;
  }

  /** The line that told of the same request; null for the first. */
  lineOf(request: RequestLine, line: number): number | null {
    const { n } = request;
    const tps = request.tps || 0;
    const told = this.#toldBy(request);
    const key = this.#first.keyOf(told);
    const first = this.#first.get(key);
    const ended = endOf(request);
    const isBack = ended < this.#latest - BACK_SECONDS;
    const isAlike = first !== null && (!first.tps || !tps || first.tps === tps);
    this.#isAgain = isAlike && this.#isInOrder && (isBack || this.#isAgain);
    const isSame = this.#isAgain || first?.n === n || this.#isAlone(request);
    if (isAlike && isSame) return first.line;
    if (first === null) this.#first.add(key, { line, n, tps });
    else {
      const other = this.#others.keyOf([n, tps, ...told]);
      const before = this.#others.get(other);
      if (before !== null) return before.line;
      this.#others.add(other, { line, n, tps });
    }
    this.#isInOrder &&= !isBack;
    this.#latest = Math.max(this.#latest, ended);
    return null;
  }

  /** What a request says of itself, but for its number: the same for all ways of writing it. */
  #toldBy(request: RequestLine): number[] {
    const { t, phase, tok, dur, sent_ns, end_ns } = request;
    const level = this.#levelOf(request);
    const kind = 2 * Phase.options.indexOf(phase ?? "measure") + Number(isFailed(request));
    return [t, level, kind, tok ?? UNKNOWN, dur || UNKNOWN, sent_ns ?? UNKNOWN, end_ns ?? UNKNOWN];
  }

  /** Whether no other request was under way, so that none can have ended at the same time after as long. */
  #isAlone(request: RequestLine): boolean {
    const { t, dur } = request;
    return !this.#sent.isOpen && this.#levelOf(request) === 1 && (dur ?? 0) > 10 ** -digitsOf(t);
  }

  #levelOf({ level }: RequestLine): number {
    return level ?? this.#sent.told_level;
  }
}

function endOf({ t, dur, sent_ns }: RequestLine): number {
  return (sent_ns ?? null) === null ? t : t + (dur ?? 0);
}

/** Decimal places. */
function digitsOf(seconds: number): number {
  return String(seconds).split(".")[1]?.length ?? 0;
}
