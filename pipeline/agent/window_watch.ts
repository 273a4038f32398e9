// What is watched beside the requests of one window: the engine's counters, and this program itself.
import type { ClientHealth } from "../schema/metadata.ts";
import type { ServerLine } from "../schema/server_line.ts";
import type { Config } from "./config.ts";
import { watchOwnHealth } from "./own_health.ts";
import type { Exchanger } from "./shards/exchanger.ts";
import { ServerCounters } from "./server_counters.ts";

export interface Watched {
  /** Null when the window never began. */
  readonly client: ClientHealth | null;
  readonly server: ServerLine[];
}

export class WindowWatch implements Disposable {
  #origin = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #health: ReturnType<typeof watchOwnHealth> | null = null;

  private constructor(readonly counters: ServerCounters) {}

  /** Begins when nothing is under way, before the load. */
  static async start(config: Config, cut: AbortSignal, log: (text: string) => void): Promise<WindowWatch> {
    return new WindowWatch(await ServerCounters.start(config, cut, log));
  }

  /** The window starts at `origin`, milliseconds of performance.now(): now, or when the load has settled. */
  begin(origin: number, exchanger: Exchanger): void {
    this.#origin = origin;
    const wait = origin - performance.now();
    const watch = () => this.#health = watchOwnHealth(exchanger);
    if (wait > 0) this.#timer = setTimeout(watch, wait);
    else watch();
  }

  /** Ends when nothing is under way any more. */
  async end(place: Pick<ServerLine, "level" | "phase">): Promise<Watched> {
    const client = await this.#endHealth();
    return { client, server: await this.counters.end({ ...place, origin: this.#origin }) };
  }

  [Symbol.dispose](): void {
    void this.#endHealth();
    this.counters.stop();
  }

  async #endHealth(): Promise<ClientHealth | null> {
    clearTimeout(this.#timer);
    const health = this.#health;
    this.#health = null;
    return await health?.end() ?? null;
  }
}
