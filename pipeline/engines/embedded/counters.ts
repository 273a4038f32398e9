// What the server counts since it started, under llama-server's names. Pure.

export class Counters {
  #waiting = 0;
  #running = 0;
  #prompt_tokens = 0;
  #predicted_tokens = 0;

  /** A request waits for a slot until `serve` is called or its scope is left. */
  enter(): { serve(promptTokens: number): void } & Disposable {
    this.#waiting += 1;
    let isServed = false;
    return {
      serve: (promptTokens) => {
        isServed = true;
        this.#waiting -= 1;
        this.#running += 1;
        this.#prompt_tokens += promptTokens;
      },
      [Symbol.dispose]: () => {
        if (isServed) this.#running -= 1;
        else this.#waiting -= 1;
      },
    };
  }

  /** One more token was generated. */
  token(): void {
    this.#predicted_tokens += 1;
  }

  /** In the form that Prometheus reads. */
  text(): string {
    return metric("counter", "prompt_tokens_total", "Prompt tokens read.", this.#prompt_tokens) +
      metric("counter", "tokens_predicted_total", "Tokens generated.", this.#predicted_tokens) +
      metric("gauge", "requests_processing", "Requests in a slot.", this.#running) +
      metric("gauge", "requests_deferred", "Requests that wait for one.", this.#waiting);
  }
}

function metric(type: string, name: string, help: string, value: number): string {
  return `# HELP llamacpp:${name} ${help}\n# TYPE llamacpp:${name} ${type}\nllamacpp:${name} ${value}\n`;
}
