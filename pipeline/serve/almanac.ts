// The almanac's database as the server holds it: answers are kept until the next build replaces the file.
import { createHash } from "node:crypto";
import { join } from "node:path";
import { messageOf } from "../errors.ts";
import { Database } from "../lib/duckdb.ts";
import type { Log } from "../lib/log.ts";
import type { Paths } from "../paths.ts";
import { toJson } from "../query/json.ts";
import { names } from "../query/mod.ts";
import type { Health } from "../schema/api.ts";
import { Cache } from "./cache.ts";
import { compress, type Encoding, encodingFor } from "./encoding.ts";
import type { Question } from "./questions.ts";

export interface Answer {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly etag: string;
  readonly encoding: Encoding;
}

const KEPT = { entries: 10_000, bytes: 64 * 2 ** 20 };
/** How long a replaced file may go unnoticed, ms. */
const CHECK_EVERY = 1000;

export class Almanac implements AsyncDisposable {
  #checked: number;

  private constructor(
    private readonly paths: Paths,
    private readonly log: Log,
    private readonly now: () => number,
    private current: Edition,
  ) {
    this.#checked = now();
  }

  /** Opens the built data below `paths`; a UserError when there is none. */
  static async open(paths: Paths, log: Log, now: () => number): Promise<Almanac> {
    return new Almanac(paths, log, now, await Edition.open(paths));
  }

  async answer(question: Question, accepted: string | null): Promise<Answer> {
    await this.#renew();
    return await this.current.answer(question, accepted);
  }

  async health(): Promise<Health> {
    await this.#renew();
    return this.current.health;
  }

  /** Looks for a new file at the next request, however short ago it was looked for. */
  expectChange(): void {
    this.#checked = -Infinity;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.current[Symbol.asyncDispose]();
  }

  /** Takes the new file when there is one; the old one is closed after the questions in flight. */
  async #renew(): Promise<void> {
    if (this.now() - this.#checked < CHECK_EVERY) return;
    this.#checked = this.now();
    const old = this.current;
    try {
      if (await fingerprint(this.paths.database) === old.fingerprint) return;
      this.current = await Edition.open(this.paths);
      await old[Symbol.asyncDispose]();
    } catch (error) {
      this.log.warn(`the data of before is served on: ${messageOf(error)}`);
    }
  }
}

/** One state of the database file, with the answers it gave. */
class Edition implements AsyncDisposable {
  readonly #kept = new Cache<Answer>(KEPT);
  readonly #asked = new Map<string, Promise<Answer>>();
  /** One connection answers one question at a time. */
  #last: Promise<unknown> = Promise.resolve();

  private constructor(
    private readonly db: Database,
    readonly fingerprint: string,
    readonly health: Health,
  ) {}

  static async open(paths: Paths): Promise<Edition> {
    const before = await fingerprint(paths.database).catch(() => "");
    const db = await Database.reading(paths.database);
    const { models } = await names(db);
    const benchmarks = models.values().reduce((sum, count) => sum + count, 0);
    return new Edition(db, before, { status: "ok", data_version: await versionOf(paths), benchmarks });
  }

  /** The kept answer, or the database's; the same question asked twice at once is asked once. */
  async answer(question: Question, accepted: string | null): Promise<Answer> {
    const plain = this.#kept.get(question.key) ??
      await this.#once(question.key, () => this.#ask(question));
    const encoding = encodingFor(accepted, plain.bytes.length);
    if (encoding === "identity") return plain;
    const key = `${encoding} ${question.key}`;
    return this.#kept.get(key) ?? await this.#once(key, async () => ({
      bytes: Uint8Array.from(await compress(plain.bytes, encoding)),
      etag: plain.etag.replace(/"$/, `-${encoding}"`),
      encoding,
    }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#last;
    this.db[Symbol.dispose]();
  }

  async #once(key: string, make: () => Promise<Answer>): Promise<Answer> {
    const asked = this.#asked.get(key);
    if (asked !== undefined) return await asked;
    const making = make();
    this.#asked.set(key, making);
    try {
      const answer = await making;
      this.#kept.set(key, answer);
      return answer;
    } finally {
      this.#asked.delete(key);
    }
  }

  async #ask({ ask }: Question): Promise<Answer> {
    const turn = this.#last.then(() => ask(this.db));
    this.#last = turn.catch(() => undefined);
    const bytes = new TextEncoder().encode(toJson(await turn));
    const hash = createHash("sha256").update(bytes).digest("hex").slice(0, 32);
    return { bytes, etag: `"${hash}"`, encoding: "identity" };
  }
}

/** What differs when the file was replaced. */
async function fingerprint(path: string): Promise<string> {
  const { ino, size, mtime } = await Deno.stat(path);
  return `${ino} ${size} ${mtime?.getTime()}`;
}

async function versionOf({ api }: Paths): Promise<string | null> {
  try {
    return JSON.parse(await Deno.readTextFile(join(api, "index.json"))).data_version;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
