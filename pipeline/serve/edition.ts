// One state of the almanac's database, with the answers it gave.
import { createHash } from "node:crypto";
import { join } from "node:path";
import { Database } from "../lib/duckdb.ts";
import type { Paths } from "../paths.ts";
import { toJson } from "../query/json.ts";
import { markOf } from "../query/mark.ts";
import { names } from "../query/mod.ts";
import type { Health } from "../schema/api.ts";
import type { Mark } from "../schema/mark.ts";
import { Busy } from "./busy.ts";
import { Cache } from "./cache.ts";
import { compress, type Encoding, encodingFor } from "./encoding.ts";
import { ANSWER_HEADERS } from "./headers.ts";
import type { Question } from "./questions.ts";

export interface Answer {
  /** Text as it is, since the server sends that fastest; bytes when compressed. */
  readonly body: string | Uint8Array<ArrayBuffer>;
  readonly bytes: number;
  /** Strong: another one for each encoding. */
  readonly etag: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** The words of a request that decide its answer. */
export interface Asked {
  readonly url: string;
  /** The header Accept-Encoding. */
  readonly accepted: string | null;
}

/** What of `request` decides its answer. */
export function askedBy({ url, headers }: Request): Asked {
  return { url, accepted: headers.get("accept-encoding") };
}

const ANSWERS = { entries: 10_000, bytes: 64 * 2 ** 20 };
const SPELLINGS = { entries: 10_000, bytes: 8 * 2 ** 20 };

export class Edition implements AsyncDisposable {
  readonly #answers = new Cache<Answer>(ANSWERS, ({ bytes }) => bytes);
  /** The key of the answer to a request, by the request's own words: one look instead of routing and reading. */
  readonly #spellings = new Cache<string>(SPELLINGS, (key) => 2 * key.length);
  readonly #making = new Map<string, Promise<Answer>>();
  /** One connection answers one question at a time. */
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  private constructor(
    private readonly db: Database,
    private readonly questions: number,
    readonly fingerprint: string,
    readonly health: Health,
    private readonly mark: Mark,
  ) {}

  /** Opens what is built below `paths`, for so many `questions` that wait at once; a UserError when there is nothing or it cannot be read. */
  static async open(paths: Paths, questions: number): Promise<Edition> {
    const before = await fingerprintOf(paths.database).catch(() => "");
    const db = await Database.reading(paths.database);
    const { models } = await names(db);
    const benchmarks = models.values().reduce((sum, count) => sum + count, 0);
    return new Edition(db, questions, before, {
      status: "ok",
      data_version: await versionOf(paths),
      benchmarks,
    }, await markOf(db));
  }

  /** The answer to a request in just these words, if it is kept. */
  recall(asked: Asked): Answer | undefined {
    const key = this.#spellings.get(spellingOf(asked));
    return key === undefined ? undefined : this.#answers.get(key);
  }

  /** The kept answer, or the database's; a question asked twice at once is answered once. Busy when too many wait. */
  async answer(question: Question, asked: Asked): Promise<Answer> {
    const plain = await this.#keep(question.key, () => this.#ask(question));
    const encoding = encodingFor(asked.accepted, plain.bytes);
    const key = encoding === "identity" ? question.key : `${encoding} ${question.key}`;
    this.#spellings.set(spellingOf(asked), key);
    return encoding === "identity" ? plain : await this.#keep(key, async () => {
      const body = await compress(String(plain.body), encoding);
      return answerOf(body, body.length, plain.etag.replace(/"$/, `-${encoding}"`), encoding);
    });
  }

  /** Closes the database after the questions in flight. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#last;
    this.db[Symbol.dispose]();
  }

  async #keep(key: string, make: () => Promise<Answer>): Promise<Answer> {
    const kept = this.#answers.get(key) ?? this.#making.get(key);
    if (kept !== undefined) return await kept;
    const making = make();
    this.#making.set(key, making);
    try {
      const answer = await making;
      this.#answers.set(key, answer);
      return answer;
    } finally {
      this.#making.delete(key);
    }
  }

  async #ask({ ask }: Question): Promise<Answer> {
    if (this.#waiting >= this.questions) throw new Busy(`${this.questions} questions wait`);
    this.#waiting += 1;
    const turn: Promise<object> = this.#last.then(() => ask(this.db)).finally(() => this.#waiting -= 1);
    this.#last = turn.catch(() => undefined);
    const text = toJson({ ...this.mark, ...await turn });
    const hash = createHash("sha256").update(text).digest("hex").slice(0, 32);
    return answerOf(text, new TextEncoder().encode(text).length, `"${hash}"`, "identity");
  }
}

function answerOf(body: Answer["body"], bytes: number, etag: string, encoding: Encoding): Answer {
  const encoded: Record<string, string> = encoding === "identity" ? {} : { "content-encoding": encoding };
  return { body, bytes, etag, headers: { ...ANSWER_HEADERS, etag, ...encoded } };
}

/** What differs when the file was replaced. */
export async function fingerprintOf(path: string): Promise<string> {
  const { ino, size, mtime } = await Deno.stat(path);
  return `${ino} ${size} ${mtime?.getTime()}`;
}

function spellingOf({ url, accepted }: Asked): string {
  return accepted === null ? url : `${accepted} ${url}`;
}

async function versionOf({ api }: Paths): Promise<string | null> {
  try {
    return JSON.parse(await Deno.readTextFile(join(api, "index.json"))).data_version;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
