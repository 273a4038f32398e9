// What the mock server counts since it started, under llama-server's names.
import type { StreamPlan } from "./plan.ts";
import type { Told } from "./told.ts";

/** A stream as it is counted, while it waits and while it is under way. */
interface Counted {
  readonly plan: StreamPlan;
  readonly told: Told;
  running: boolean;
}

/** By so much `miscount` counts too many. */
const MISCOUNT = 1.05;

export class Counters {
  readonly #open = new Set<Counted>();
  #tokens = 0;
  #prompt_tokens = 0;

  /** A stream waits until `serve` is called, and is over when its scope is left. */
  enter(plan: StreamPlan, told: Told): { serve(): void } & Disposable {
    const counted = { plan, told, running: false };
    this.#open.add(counted);
    return {
      serve: () => {
        counted.running = true;
        this.#prompt_tokens += plan.prompt;
      },
      [Symbol.dispose]: () => {
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
}

function tokensOf({ told, plan }: Counted): number {
  const tokens = told.sent_ms.length * plan.tokens;
  return plan.quirks.has("miscount") ? tokens * MISCOUNT : tokens;
}
