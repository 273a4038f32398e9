// What every simulated cloud has: offers, machines that boot after a while, keys, and a clock that bills.
import { join } from "node:path";
import type { Card } from "./programs.ts";
import { cardsOf } from "./stock.ts";
import { type MachineFaults, RunningMachine } from "./machine.ts";

/** An offer as the cloud itself knows it; each protocol tells it in its own words. */
export interface Stock {
  readonly id: string;
  /** GPU by its name in the catalogue. */
  readonly gpu: string;
  readonly card: Card;
  readonly gpu_count: number;
  /** Place of a card whose PCIe link is narrower than those of the others. */
  readonly narrow?: number;
  readonly bandwidth_gb_s: number;
  readonly price_per_hour: number;
  readonly location: string;
  readonly country: string;
  readonly host: string;
  readonly reliability: number;
  readonly download_mbps: number;
  readonly cuda: string;
  /** How often it can be rented at the same time; a host of its own has one. */
  readonly capacity: number;
  /** Part of its host's GPUs that it has; all of them unless it is said. */
  readonly gpu_share?: number;
  readonly is_datacenter?: boolean;
}

/** What happens to the nth machine of a cloud (from 1). */
export type MachineScript = (n: number, stock: Stock) => MachineFaults | undefined;

export interface CloudOptions {
  readonly stock: readonly Stock[];
  readonly key?: string;
  /** Real seconds for a second of the cloud: 0.02 lets a minute pass in 1.2 s. */
  readonly pace?: number;
  /** Seconds until a machine runs. */
  readonly bootSeconds?: number;
  /** Whether offers that are taken are still listed. */
  readonly stale?: (stock: Stock) => boolean;
  readonly machines?: MachineScript;
  /** Machines are told of but nothing runs on them; they would listen at this port. */
  readonly hollowPort?: number;
}

export interface CloudMachine {
  readonly id: string;
  readonly n: number;
  label: string;
  readonly stock: Stock;
  /** What it costs with its disk; whether that is a bid, which somebody may raise. */
  readonly price_per_hour: number;
  readonly is_bid: boolean;
  readonly created_at: number;
  readonly faults: MachineFaults;
  readonly keys: string[];
  state: "starting" | "running" | "failed" | "stopped" | "gone";
  words: string;
  gone_at: number | null;
  running: RunningMachine | null;
  /** Where its sshd listens. */
  port: number | null;
}

/** What a protocol needs to know to create a machine. */
export interface Wish {
  readonly label: string;
  readonly stock: Stock;
  readonly keys: readonly string[];
  readonly diskGb: number;
  /** Container image, where the cloud has containers. */
  readonly image?: string | undefined;
  readonly env?: (id: string) => Readonly<Record<string, string>>;
  readonly onstart?: string;
  /** What is bid for it with its disk; without it it costs what its stock says. */
  readonly bid_per_hour?: number;
}

const PULL_GB_S = 400;
const EFFICIENCY = 0.6;

export class Cloud implements AsyncDisposable {
  readonly key: string;
  readonly machines = new Map<string, CloudMachine>();
  readonly #folder = Deno.makeTempDirSync({ prefix: "cloud-" });
  readonly #ends = new AbortController();
  readonly #starting = new Set<Promise<void>>();
  #n = 0;

  constructor(readonly options: CloudOptions) {
    this.key = options.key ?? "key-of-the-cloud";
  }

  /** Offers that it lists: those that are free, and those it wrongly still shows. */
  offered(): Stock[] {
    return this.options.stock.filter((stock) => this.free(stock) || this.options.stale?.(stock) === true);
  }

  free(stock: Stock): boolean {
    return !(this.options.stale?.(stock) ?? false) &&
      this.present().filter((machine) => machine.stock.id === stock.id).length < stock.capacity;
  }

  /** Machines that exist and are billed. */
  present(): CloudMachine[] {
    return [...this.machines.values()].filter(({ state }) => state !== "gone");
  }

  /** Creates a machine; it boots in the background. */
  create(id: string, wish: Wish): CloudMachine {
    this.#n += 1;
    const { label, stock, keys, bid_per_hour } = wish;
    const machine: CloudMachine = {
      id,
      n: this.#n,
      label,
      stock,
      price_per_hour: bid_per_hour ?? stock.price_per_hour,
      is_bid: bid_per_hour !== undefined,
      created_at: Date.now(),
      faults: this.options.machines?.(this.#n, stock) ?? {},
      keys: [...keys],
      state: "starting",
      words: "loading",
      gone_at: null,
      running: null,
      port: null,
    };
    this.machines.set(id, machine);
    const boot = this.#boot(machine, wish).catch(() => undefined);
    this.#starting.add(boot);
    return machine;
  }

  async destroy(machine: CloudMachine): Promise<void> {
    if (machine.state === "gone") return;
    machine.state = "gone";
    machine.gone_at = Date.now();
    await machine.running?.[Symbol.asyncDispose]();
  }

  /** It stands still until it is destroyed: its host stopped it, or somebody bid more for it. */
  async stop(machine: CloudMachine, words: string): Promise<void> {
    machine.state = "stopped";
    machine.words = words;
    await machine.running?.[Symbol.asyncDispose]();
  }

  /** What a machine has cost until now, US dollars. */
  bill({ price_per_hour, created_at, gone_at }: CloudMachine): number {
    return price_per_hour * ((gone_at ?? Date.now()) - created_at) / 3_600_000;
  }

  async admit(machine: CloudMachine, key: string): Promise<void> {
    machine.keys.push(key);
    if (machine.faults.ssh === undefined) await machine.running?.admit([key]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ends.abort();
    await Promise.all(this.#starting);
    await Promise.all(this.present().map((machine) => this.destroy(machine)));
    await Deno.remove(this.#folder, { recursive: true }).catch(() => undefined);
  }

  async #boot(machine: CloudMachine, { diskGb, image, env, onstart }: Wish): Promise<void> {
    const { faults, stock } = machine;
    await this.#sleep(this.options.bootSeconds ?? 20);
    if (machine.state === "gone" || faults.neverBoots === true) return;
    if (faults.bootError !== undefined) {
      machine.state = "failed";
      machine.words = faults.bootError;
      return;
    }
    if (this.options.hollowPort !== undefined) {
      machine.state = "running";
      machine.port = this.options.hollowPort;
      return;
    }
    const running = await RunningMachine.start({
      id: machine.id,
      folder: join(this.#folder, machine.id),
      cards: cardsOf(stock),
      cuda: stock.cuda,
      diskGb,
      env: env?.(machine.id) ?? {},
      ...(image === undefined ? {} : { image }),
      ...(onstart === undefined ? {} : { onstart }),
      speed: { bandwidth_gb_s: stock.bandwidth_gb_s, efficiency: EFFICIENCY, pull_gb_s: PULL_GB_S },
      faults,
    }, machine.keys);
    machine.running = running;
    // It may have been destroyed while it started.
    if ((machine.state as string) === "gone") return await running[Symbol.asyncDispose]();
    machine.state = "running";
    machine.port = running.port;
    machine.words = "success, running";
    await this.#live(machine, running);
  }

  async #live(machine: CloudMachine, running: RunningMachine): Promise<void> {
    const { ssh, stopsAfter, outbidAfter, vanishesAfter } = machine.faults;
    if (typeof ssh === "object") {
      await this.#sleep(ssh.lateSeconds);
      await running.admit(machine.keys);
    }
    if (stopsAfter !== undefined) {
      await this.#sleep(stopsAfter);
      await this.stop(machine, "stopped");
    }
    if (outbidAfter !== undefined && machine.is_bid) {
      await this.#sleep(outbidAfter);
      await this.stop(machine, "stopped");
    }
    if (vanishesAfter !== undefined) {
      await this.#sleep(vanishesAfter);
      await this.destroy(machine);
    }
  }

  #sleep(seconds: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(resolve, seconds * 1000 * (this.options.pace ?? 1));
      this.#ends.signal.addEventListener("abort", () => (clearTimeout(timer), reject(new Error("ended"))));
    });
  }
}
