// What the mock server counts since it started, under llama-server's names; and its places, of which a stream may have to wait for one.
import type { StreamPlan } from "./plan.ts";
import type { Told } from "./told.ts";

/** A stream as it is counted, while it waits and while it is under way. */
interface Counted {
  readonly told: Told;
  readonly plan: StreamPlan;
  running: boolean;
}

/** By so much `miscount` counts too many. */
const MISCOUNT = 1.05;

export class Counters {
  readonly #open = new Set<Counted>();
  readonly #places = new Map<string, Places>();
  #tokens = 0;
  #prompt_tokens = 0;

  /** Resolves when the stream of `model` may begin, and tells from when its times count; it is over when its scope is left. */
  async enter(
    model: string,
    plan: StreamPlan,
    told: Told,
  ): Promise<{ readonly begun_ms: number } & Disposable> {
    const counted = { told, plan, running: false };
    this.#open.add(counted);
    const places = this.#placesOf(model, plan);
    const waited = await places?.take() ?? false;
    counted.running = true;
    this.#prompt_tokens += plan.prompt;
    return {
      begun_ms: waited ? performance.now() : told.received_ms,
      [Symbol.dispose]: () => {
        places?.give();
        this.#open.delete(counted);
        this.#tokens += tokensOf(counted);
      },
    };
  }

  /** In the form that Prometheus reads. Tokens count from the moment at which they are sent. */
  text(): string {
    const open = [...this.#open];
    const waiting = open.filter(({ running, plan }) => !running && !plan.quirks.has("hidden_queue"));
    const tokens = open.reduce((sum, counted) => sum + tokensOf(counted), this.#tokens);
    return `llamacpp:prompt_tokens_total ${this.#prompt_tokens}\n` +
      `llamacpp:tokens_predicted_total ${tokens}\n` +
      `llamacpp:requests_processing ${open.filter(({ running }) => running).length}\n` +
      `llamacpp:requests_deferred ${waiting.length}\n`;
  }

  #placesOf(model: string, { slots }: StreamPlan): Places | null {
    if (slots === 0) return null;
    const places = this.#places.get(model) ?? new Places(slots);
    this.#places.set(model, places);
    return places;
  }
}

function tokensOf({ told, plan }: Counted): number {
  const tokens = told.sent_ms.length * plan.tokens;
  return plan.quirks.has("miscount") ? tokens * MISCOUNT : tokens;
}

/** So many streams at once; the others wait in the order in which they came. */
class Places {
  readonly #waiting: (() => void)[] = [];

  constructor(private free: number) {}

  /** Whether it had to wait. */
  async take(): Promise<boolean> {
    if (this.free > 0) {
      this.free -= 1;
      return false;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push(resolve);
    await promise;
    return true;
  }

  give(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.free += 1;
    else next();
  }
}
