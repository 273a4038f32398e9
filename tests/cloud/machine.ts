// A rented "machine": a real sshd on loopback with a home of its own, whose nvidia-smi, engine and package manager are stand-ins.
import { join } from "node:path";
import type { Network } from "./network.ts";
import { type Card, programs } from "./programs.ts";
import type { PublisherFault } from "./releases.ts";
import { configureSshd, makeHostKey, startSshd } from "./sshd.ts";

/** What is wrong with a machine. Times in seconds of the cloud's clock. */
export interface MachineFaults {
  /** Never gets beyond starting. */
  readonly neverBoots?: boolean;
  /** Ends with these words instead of running. */
  readonly bootError?: string;
  /** sshd never listens, never takes the key, or takes it late. */
  readonly ssh?: "refused" | "denied" | { readonly lateSeconds: number };
  /** Its login shell prints this before every command. */
  readonly greeting?: string;
  /** nvidia-smi tells of other cards than were offered. */
  readonly cards?: readonly Card[];
  /** nvidia-smi fails this many times first; -1: always. */
  readonly driverFails?: number;
  /** The CUDA version that the driver really has. */
  readonly cuda?: string;
  /** The package manager is locked for so many asks; -1: always. */
  readonly dpkgLocked?: number;
  /** The package manager was interrupted; it can be repaired. */
  readonly halfConfigured?: boolean;
  /** Free disk, GB. */
  readonly diskGb?: number;
  /** The machine has no Deno. */
  readonly noDeno?: boolean;
  /** What `uname -sm` tells, where our own Deno would not run. */
  readonly system?: string;
  /** Its Deno ends well at once and does nothing, for the first so many runs; -1: always. */
  readonly idleAgent?: number;
  /** Power limit that the host has set, W, of 450; and the PCIe lanes that the card has. */
  readonly powerLimitW?: number;
  readonly pcieWidth?: number;
  /** MiB of every GPU that somebody else's process holds. */
  readonly usedMib?: number;
  /** metadata.json arrives damaged when it is fetched, the first so many times; -1: always. */
  readonly damaged?: number;
  /** Programs that its image brings besides, by name: text for the shell. */
  readonly image?: Readonly<Record<string, string>>;
  /** Where its provider says that it is reached, instead of loopback. */
  readonly address?: string;
  /** How the publishers of its programs let it down. */
  readonly publisher?: PublisherFault;
  /** Seconds by which its clock is ahead. */
  readonly clockAhead?: number;
  /** It stands in this network instead of on loopback; whoever made that removes it. */
  readonly network?: Network;
  /** What the engine does; see tests/cloud/engine.ts. */
  readonly engine?: EngineFaults;
  /** The provider stops it, or forgets it, so many seconds after it runs. */
  readonly stopsAfter?: number;
  readonly vanishesAfter?: number;
  /** Somebody bids more for it so many seconds after it runs; what is rented on demand is not lost so. */
  readonly outbidAfter?: number;
}

export interface EngineFaults {
  /** The server does not start. */
  readonly dead?: boolean;
  /** CUDA does not work: models go into main memory. */
  readonly noCuda?: boolean;
  readonly outOfMemory?: boolean;
  /** Loading a model ends with this error. */
  readonly loadError?: string;
  /** Something else answers at its port. */
  readonly nonsense?: boolean;
  /** What it answers to these questions instead, such as `GET /api/ps`. */
  readonly odd?: Readonly<Record<string, string>>;
  /** Models the library lacks. */
  readonly unknownModels?: readonly string[];
  /** A pull makes no progress for the first so many tries; -1: ever. */
  readonly pullStalls?: number;
  /** A pull ends with this error. */
  readonly pullError?: string;
  /** The server ends, answers no more, or fails with CUDA or other errors after so many requests with a prompt. */
  readonly diesAfter?: number;
  readonly hangsAfter?: number;
  readonly cudaErrorAfter?: number;
  readonly failsAfter?: number;
  /** Part of a model that lies in GPU memory; the second of that with which a machine is tried. */
  readonly inVram?: number;
  readonly smallInVram?: number;
  /** Every question is sent on to this address by 307. */
  readonly redirects?: string;
  /** Its answers to what it has loaded, or to all, do not end. */
  readonly endless?: boolean;
  /** What its memory and its line really give, instead of what is offered. */
  readonly bandwidth_gb_s?: number;
  readonly pull_gb_s?: number;
}

export interface MachineOptions {
  readonly id: string;
  /** Folder for its files. */
  readonly folder: string;
  readonly cards: readonly Card[];
  readonly cuda: string;
  readonly diskGb: number;
  /** Variables of the "container". */
  readonly env: Readonly<Record<string, string>>;
  /** Runs at its start, as the provider's start script. */
  readonly onstart?: string;
  /** Container image: those of engines bring them. */
  readonly image?: string;
  /** Decoding speed of a model, tokens/s. */
  readonly speed: SpeedModel;
  readonly faults: MachineFaults;
}

/** What gives the tokens/s of a model; see tests/cloud/speed.ts. */
export interface SpeedModel {
  /** Of one GPU. */
  readonly bandwidth_gb_s: number;
  readonly efficiency: number;
  /** Bytes that a pull brings each second, GB. */
  readonly pull_gb_s: number;
}

/** What an engine on it finds in its state. */
export type EngineSettings = SpeedModel & EngineFaults & {
  readonly gpus: number;
  /** Memory of all of them. */
  readonly vram_gib: number;
};

/** A machine that runs; disposing ends every process that was started on it. */
export class RunningMachine implements AsyncDisposable {
  private constructor(
    readonly port: number,
    readonly home: string,
    private readonly folder: string,
    private readonly mark: string,
    private readonly keys: string,
    private sshd: Deno.ChildProcess | null,
    private readonly network: Network | undefined,
  ) {}

  /** Starts it with `keys` (OpenSSH lines) as those that may log in. */
  static async start(options: MachineOptions, keys: readonly string[]): Promise<RunningMachine> {
    const { folder, faults } = options;
    const home = join(folder, "home");
    const bin = join(folder, "bin");
    const state = join(folder, "state");
    for (const each of [join(home, ".ssh"), bin, state]) await Deno.mkdir(each, { recursive: true });
    const mark = `ALMANAC_CLOUD_MACHINE=${crypto.randomUUID()}`;
    await programs({ ...options, bin, state });
    const entry = join(folder, "enter");
    const PATH = `${bin}:/usr/local/bin:/usr/bin:/bin`;
    const variables = { ...options.env, HOME: home, PATH, STATE: state };
    await Deno.writeTextFile(entry, enterScript(mark, variables, faults.greeting));
    await Deno.chmod(entry, 0o755);
    const waits = faults.ssh === "denied" || typeof faults.ssh === "object";
    // Where keys do not count yet, those that a start script writes into the home do not either.
    const authorized = waits ? join(folder, "authorized_keys") : join(home, ".ssh", "authorized_keys");
    await Deno.writeTextFile(authorized, waits ? "" : `${keys.join("\n")}\n`);
    if (options.onstart !== undefined) await runDetached(entry, options.onstart);
    const port = freePort();
    const refuses = faults.ssh === "refused";
    const { network } = faults;
    if (!refuses) await configureSshd(folder, network, port, entry, authorized);
    const sshd = refuses ? null : await startSshd(folder, port, mark, network);
    return new RunningMachine(port, home, folder, mark, authorized, sshd, network);
  }

  /** Lets these keys in, besides those that are. */
  async admit(keys: readonly string[]): Promise<void> {
    await Deno.writeTextFile(this.keys, `${keys.join("\n")}\n`, { append: true });
  }

  /** Process ids of everything that runs on it: what carries its mark, and sshd, which overwrites that, with its children. */
  processes(): number[] {
    const parents = parentsOfAll();
    const found = new Set([...parents.keys()].filter((pid) => environment(pid).includes(this.mark)));
    if (this.sshd !== null && parents.has(this.sshd.pid)) found.add(this.sshd.pid);
    for (let grew = true; grew;) {
      const children = [...parents].filter(([pid, parent]) => found.has(parent) && !found.has(pid));
      for (const [pid] of children) found.add(pid);
      grew = children.length > 0;
    }
    return [...found];
  }

  /** Ends every connection to it; what runs on it goes on. */
  cutConnections(): void {
    for (const pid of this.#sessions()) kill(pid, "SIGKILL");
  }

  /** The same address, another host key: as if somebody sat in between. */
  async restartWithNewKey(): Promise<void> {
    await this.hangUp();
    await makeHostKey(this.folder);
    await this.pickUp();
  }

  /** Nobody can connect any more, and no connection is left; what runs on it goes on. */
  async hangUp(): Promise<void> {
    const sessions = this.#sessions();
    this.sshd?.kill("SIGKILL");
    await this.sshd?.status;
    for (const pid of sessions) kill(pid, "SIGKILL");
    this.sshd = null;
  }

  /** Connections are taken again. */
  async pickUp(): Promise<void> {
    this.sshd = await startSshd(this.folder, this.port, this.mark, this.network);
  }

  /** Kills what runs on it with `word` in its command line; how many processes that were. */
  kill(word: string): number {
    const found = this.processes().filter((pid) => commandLine(pid).includes(word));
    for (const pid of found) kill(pid, "SIGKILL");
    return found.length;
  }

  /** Children of sshd: one a connection. */
  #sessions(): number[] {
    return [...parentsOfAll()].filter(([, parent]) => parent === this.sshd?.pid).map(([pid]) => pid);
  }

  /** Freezes or thaws everything on it: connections stay open and nothing answers. */
  signal(signal: "SIGSTOP" | "SIGCONT"): void {
    for (const pid of this.processes()) kill(pid, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (let round = 0; round < 50; round++) {
      const left = this.processes();
      if (left.length === 0) break;
      // A child whose parent is killed first would no longer be found: stop all, then kill all.
      for (const pid of left) kill(pid, "SIGSTOP");
      for (const pid of left) kill(pid, "SIGKILL");
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await this.sshd?.status;
  }
}

/** The parent of every process but this one. */
function parentsOfAll(): Map<number, number> {
  const parents = new Map<number, number>();
  for (const item of Deno.readDirSync("/proc")) {
    const pid = Number(item.name);
    if (!Number.isInteger(pid) || pid === Deno.pid) continue;
    try {
      parents.set(pid, Number(Deno.readTextFileSync(`/proc/${pid}/stat`).split(") ")[1]?.split(" ")[1]));
    } catch {
      // It has ended.
    }
  }
  return parents;
}

function environment(pid: number): string[] {
  try {
    return Deno.readTextFileSync(`/proc/${pid}/environ`).split("\0");
  } catch {
    return [];
  }
}

function commandLine(pid: number): string {
  try {
    return Deno.readTextFileSync(`/proc/${pid}/cmdline`).replaceAll("\0", " ");
  } catch {
    return "";
  }
}

function kill(pid: number, signal: Deno.Signal): void {
  try {
    Deno.kill(pid, signal);
  } catch {
    // It has ended.
  }
}

/** Runs a session's command with the machine's own home and programs. */
function enterScript(mark: string, variables: Record<string, string>, greeting?: string): string {
  const [name = "", value = ""] = mark.split("=");
  const lines = Object.entries({ [name]: value, ...variables })
    .map(([key, text]) => `export ${key}='${text.replaceAll("'", `'\\''`)}'`);
  const greets = greeting === undefined ? "" : `echo '${greeting}'\n`;
  return `#!/bin/sh\n${lines.join("\n")}\ncd "$HOME"\n${greets}exec sh -c "\${SSH_ORIGINAL_COMMAND:-$1}"\n`;
}

async function runDetached(entry: string, script: string): Promise<void> {
  const command = new Deno.Command("setsid", {
    args: ["-f", entry, script],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  });
  await command.output();
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return (listener.addr as Deno.NetAddr).port;
}
