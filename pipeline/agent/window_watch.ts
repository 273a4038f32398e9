// What is watched beside the requests of one window: the engine's counters, and this program itself.
import type { ClientHealth } from "../schema/metadata.ts";
import type { ServerLine } from "../schema/server_line.ts";
import type { Config } from "./config.ts";
import { watchOwnHealth } from "./own_health.ts";
import { ServerCounters } from "./server_counters.ts";

export interface Watched {
  /** Null when the window never began. */
  readonly client: ClientHealth | null;
  readonly server: ServerLine[];
}

export class WindowWatch implements Disposable {
  #window: { readonly origin: number; readonly health: ReturnType<typeof watchOwnHealth> } | null = null;

  private constructor(readonly counters: ServerCounters) {}

  /** Begins when nothing is under way, before the load. */
  static async start(config: Config, log: (text: string) => void): Promise<WindowWatch> {
    return new WindowWatch(await ServerCounters.start(config, log));
  }

  /** The window begins; `origin` is its start, milliseconds of performance.now(). */
  readonly begin = (origin: number): void => {
    this.#window ??= { origin, health: watchOwnHealth() };
  };

  /** Ends when nothing is under way any more. */
  async end(place: Pick<ServerLine, "level" | "phase">): Promise<Watched> {
    if (this.#window === null) return { client: null, server: [] };
    const { origin, health } = this.#window;
    const client = health.end();
    return { client, server: await this.counters.end({ ...place, origin }) };
  }

  [Symbol.dispose](): void {
    this.#window?.health.end();
    this.counters.stop();
  }
}
