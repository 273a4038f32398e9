// The almanac that is served: always the newest build, without a restart.
import { messageOf } from "../errors.ts";
import type { Log } from "../lib/log.ts";
import type { Paths } from "../paths.ts";
import type { Health } from "../schema/api.ts";
import { type Answer, type Asked, Edition, fingerprintOf } from "./edition.ts";
import type { Question } from "./questions.ts";

/** How long a new build may go unnoticed, ms. */
const CHECK_EVERY = 1000;

export class Almanac implements AsyncDisposable {
  #checked: number;

  private constructor(
    private readonly paths: Paths,
    private readonly questions: number,
    private readonly log: Log,
    private readonly now: () => number,
    private current: Edition,
  ) {
    this.#checked = now();
  }

  /** Opens the built data below `paths`; a UserError when there is none. At most so many `questions` wait at once. */
  static async open(paths: Paths, questions: number, log: Log, now: () => number): Promise<Almanac> {
    return new Almanac(paths, questions, log, now, await Edition.open(paths, questions));
  }

  /** The answer to a request in just these words, if it is kept and surely not outdated. */
  recall(asked: Asked): Answer | undefined {
    return this.#isDue() ? undefined : this.current.recall(asked);
  }

  /** A UserError when there is no answer, Busy when too many questions wait. */
  async answer(question: Question, asked: Asked): Promise<Answer> {
    await this.#renew();
    return await this.current.answer(question, asked);
  }

  async health(): Promise<Health> {
    await this.#renew();
    return this.current.health;
  }

  /** Looks for a new build at the next request, however short ago it was looked for. */
  expectChange(): void {
    this.#checked = -Infinity;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.current[Symbol.asyncDispose]();
  }

  #isDue(): boolean {
    return this.now() - this.#checked >= CHECK_EVERY;
  }

  /** Takes the new build when there is one; the old one is closed after the questions in flight. */
  async #renew(): Promise<void> {
    if (!this.#isDue()) return;
    this.#checked = this.now();
    const old = this.current;
    try {
      if (await fingerprintOf(this.paths.database) === old.fingerprint) return;
      this.current = await Edition.open(this.paths, this.questions);
      await old[Symbol.asyncDispose]();
    } catch (error) {
      this.log.warn(`the data of before is served on: ${messageOf(error)}`);
    }
  }
}
