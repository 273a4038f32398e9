// One SSH connection to a machine, shared by all commands (ControlMaster). It ends with this process, however that ends.
import { join } from "node:path";
import { bounded, TooMuchError } from "../lib/bounded.ts";
import { type Clock, throwIfAborted, unlessAborted } from "../lib/clock.ts";
import { endChild } from "../lib/child.ts";
import { messageOf } from "../errors.ts";
import { type ChildEnd, eachLine, type Hearing } from "../lib/hear_child.ts";
import { Failure, type FailureCode } from "../schema/failures.ts";
import type { Address } from "../schema/machine.ts";
import { ungreeted } from "./greeting.ts";
import { FAREWELL_SECONDS, QUESTION, TALK_BYTES } from "./limits.ts";
import { lastLines } from "./ssh_log.ts";
import { runSsh, startSsh } from "./ssh_process.ts";
import { OF_THIS_SIDE, sshFailure } from "./ssh_trouble.ts";
import { optionPath, socketPath } from "./ssh_words.ts";

export type SshAddress = Extract<Address, { kind: "ssh" }>;

/** Who we are to a machine. */
export type Identity =
  /** A key of the run's own; host keys are pinned at first contact in a file of the run's own. */
  | { readonly kind: "run"; readonly key_file: string; readonly known_hosts: string }
  /** The user's own keys, agent and configuration, for hosts that are theirs; new host keys go into `known_hosts`, not into theirs. */
  | { readonly kind: "user"; readonly known_hosts: string };

export interface ConnectionOptions {
  readonly address: SshAddress;
  readonly identity: Identity;
  /** Name under which the host key is pinned. */
  readonly alias: string;
  /** Folder for the sockets; its path must be short. */
  readonly sockets: string;
  readonly clock: Clock;
  /** Ends ordinary calls; what was measured can still be asked for, until the time for that is over. */
  readonly signal: AbortSignal;
}

/** What a call may take; by default what a question may. */
export interface ExecOptions extends Partial<Hearing> {
  readonly seconds?: number;
}

const CONNECT_SECONDS = 15;
/** How long a login may take, from the first word to that of its shell; ssh itself waits for that without an end. */
const LOGIN_SECONDS = 30;
const ALIVE_SECONDS = 10;
const ALIVE_TIMES = 3;
const FORWARD_SECONDS = 15;
const CLOSE_SECONDS = 5;
const LAST_WORDS = 5;
/** How much later than its users a connection may be seen to end, ms. */
const LATE_MS = 500;
/** ssh's own exit code when the connection failed. */
const LOST = 255;
/** What a connection that ends is told as, unless it is lost. */
const UNLIKE_LOST: readonly FailureCode[] = [...OF_THIS_SIDE, "hostile_output"];
let sockets = 0;

interface Master {
  readonly child: Deno.ChildProcess;
  /** Why it is no longer there: how it ended by itself, or that it said too much. */
  readonly over: Promise<Failure>;
  isOver: boolean;
}

export class Connection implements AsyncDisposable {
  readonly #options: ConnectionOptions;
  readonly #socket: string;
  readonly #log: string;
  /** Ends every call: the time after the stop is over, or the scope was left. */
  readonly #closed = new AbortController();
  #master: Master | null = null;
  #opening: Promise<void> | null = null;
  readonly #forwards = new Map<string, Promise<number>>();

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#socket = join(options.sockets, String(++sockets));
    this.#log = `${this.#socket}.log`;
    const { signal } = options;
    if (signal.aborted) this.#farewell();
    else signal.addEventListener("abort", this.#farewell, { once: true });
  }

  /** Aborts when its lease is stopped. */
  get signal(): AbortSignal {
    return this.#options.signal;
  }

  /** How messages name it. */
  get name(): string {
    const { user, host, port } = this.#options.address;
    return `${user === null ? "" : `${user}@`}${host}${port === null ? "" : `:${port}`}`;
  }

  /** Connects unless it is connected. A Failure says why it cannot: ssh_unreachable, ssh_denied, host_key_changed. */
  async open(signal: AbortSignal = this.#closed.signal): Promise<void> {
    throwIfAborted(signal);
    if (this.#master?.isOver === false) return;
    this.#opening ??= this.#connect().finally(() => this.#opening = null);
    await unlessAborted(this.#opening, signal);
  }

  /**
   * Runs a shell script on the machine to its end and returns its exit code. A Failure says what else came of it:
   * connection_lost, machine_hung when it took too long, hostile_output when it said too much.
   */
  async exec(script: string, options: ExecOptions = {}): Promise<number> {
    const { seconds = QUESTION.seconds, bytes = QUESTION.bytes, onStdout, stdoutTo, ...rest } = options;
    const { script: told, own } = ungreeted(script);
    const read = stdoutTo ?? ((stream) => eachLine(stream, onStdout));
    const late = this.#options.clock.timeout(seconds);
    const signal = AbortSignal.any([...(options.signal === undefined ? [] : [options.signal]), late]);
    try {
      await this.open(AbortSignal.any([signal, this.#closed.signal]));
      const end = await this.#ssh(["--", this.#host(), told], {
        ...rest,
        stdoutTo: (stream) => read(bounded(own(stream), bytes)),
        // A greeting has room of its own.
        bytes: bytes + TALK_BYTES,
        signal,
      });
      if (end.code !== LOST && end.killed === null) return end.code;
      throw await this.#lost(end);
    } catch (error) {
      if (!late.aborted || options.signal?.aborted || this.#closed.signal.aborted) throw error;
      // Whatever hangs on the machine goes with the connection; the next call makes a new one.
      this.#drop();
      const hung = `a command did not end in ${Math.round(seconds)} s`;
      throw new Failure("machine_hung", `Cannot wait for ${this.name}: ${hung}`);
    }
  }

  /** A port of this computer by which `host`:`port`, as the machine sees it, is reached. */
  async forward(host: string, port: number): Promise<number> {
    await this.open();
    const key = `${host}:${port}`;
    const known = this.#forwards.get(key) ?? this.#startForward(key);
    this.#forwards.set(key, known);
    known.catch(() => this.#forwards.delete(key));
    return await known;
  }

  /** What an error on a way through the connection means: where the connection has ended, that. */
  async explain(error: unknown): Promise<unknown> {
    const isStopped = this.#options.signal.aborted || this.#closed.signal.aborted;
    if (isStopped || this.#master === null) return error;
    const late = new Promise<null>((resolve) => setTimeout(() => resolve(null), LATE_MS));
    const why = await Promise.race([this.#master.over, late]);
    return why === null ? error : lostBy(why);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { clock, signal } = this.#options;
    signal.removeEventListener("abort", this.#farewell);
    const master = this.#master;
    if (master?.isOver === false) {
      await this.#ssh(["-O", "exit", "--", this.#host()], {
        signal: clock.timeout(CLOSE_SECONDS),
        bytes: TALK_BYTES,
      }).catch(() => undefined);
      await master.child.stdin.close().catch(() => undefined);
      const timer = setTimeout(() => endChild(master.child, "SIGKILL"), 2000);
      // Something that it started may hold its output open after its end.
      await master.child.status;
      clearTimeout(timer);
    }
    this.#closed.abort(new Failure("connection_lost", `Cannot go on with ${this.name}: it was given back`));
    await this.#opening?.catch(() => undefined);
  }

  /** The master waits on our end of a pipe: when this process is gone, so is the connection. */
  async #connect(): Promise<void> {
    const { signal } = this.#closed;
    await Deno.remove(this.#socket).catch(() => undefined);
    await Deno.remove(this.#log).catch(() => undefined);
    this.#forwards.clear();
    const child = startSsh([
      ...this.#flags(),
      ...["-E", this.#log, "-M", "-S", socketPath(this.#socket), "--", this.#host()],
      "echo ready; exec cat >/dev/null",
    ], "piped");
    const words: string[] = [];
    const { promise: ready, resolve } = Promise.withResolvers<boolean>();
    const said = Promise.all([
      eachLine(bounded(child.stdout, TALK_BYTES), (line) => line === "ready" && resolve(true)),
      eachLine(bounded(child.stderr, TALK_BYTES), (line) => {
        words.push(line);
        if (words.length > LAST_WORDS) words.shift();
      }),
    ]).catch((error) => {
      endChild(child, "SIGKILL");
      return new Failure("hostile_output", `Cannot connect to ${this.name}: ${messageOf(error)}`, {
        cause: error,
      });
    });
    const over = Promise.all([child.status, said]).then(async ([{ signal: killed }, fault]) => {
      const why = fault instanceof Failure ? fault : await this.#whyEnded(killed, words);
      master.isOver = true;
      resolve(false);
      return why;
    });
    const master: Master = { child, over, isOver: false };
    const late = this.#options.clock.timeout(LOGIN_SECONDS);
    const stop = () => endChild(child, "SIGTERM");
    const ends = AbortSignal.any([signal, late]);
    ends.addEventListener("abort", stop, { once: true });
    try {
      if (await ready) {
        this.#master = master;
        return;
      }
    } finally {
      ends.removeEventListener("abort", stop);
    }
    await child.stdin.close().catch(() => undefined);
    throwIfAborted(signal);
    const why = await over;
    if (!late.aborted) throw why;
    const silent = `no shell answered in ${LOGIN_SECONDS} s`;
    throw new Failure("ssh_unreachable", `Cannot connect to ${this.name}: ${silent}`, { cause: why });
  }

  /**
   * Why the shared connection ended. What ssh says of itself stands in its log, apart from what the machine says; before it has
   * one, it has talked to nobody, and all words are its own.
   */
  async #whyEnded(killed: Deno.Signal | null, words: readonly string[]): Promise<Failure> {
    const own = await lastLines(this.#log);
    return own === null
      ? sshFailure(this.name, { killed, words })
      : sshFailure(this.name, { killed, words: own }, words);
  }

  async #startForward(to: string): Promise<number> {
    let last: readonly string[] = [];
    for (let attempt = 0; attempt < 3; attempt++) {
      const port = freePort();
      const { code, words } = await this.#ssh(
        ["-O", "forward", "-L", `127.0.0.1:${port}:${to}`, "--", this.#host()],
        { signal: this.#options.clock.timeout(FORWARD_SECONDS), bytes: TALK_BYTES },
      );
      if (code === 0) return port;
      last = words;
    }
    throw new Failure("connection_lost", `Cannot reach ${to} on ${this.name}: ${last.join(" ")}`);
  }

  /** Runs a client of the shared connection; it ends with the connection at the latest. */
  async #ssh(args: readonly string[], { signal, ...options }: Hearing): Promise<ChildEnd> {
    try {
      return await runSsh([...this.#flags(), "-S", socketPath(this.#socket), ...args], {
        ...options,
        signal: AbortSignal.any([signal, this.#closed.signal]),
      });
    } catch (error) {
      if (!(error instanceof TooMuchError)) throw error;
      throw new Failure("hostile_output", `Cannot go on with ${this.name}: ${error.message}`, {
        cause: error,
      });
    }
  }

  /** Why a command ended without an exit code of its own. The connection's own end tells it; the words of the command are the machine's. */
  async #lost({ words, killed }: ChildEnd): Promise<Failure> {
    if (killed !== null) return sshFailure(this.name, { words, killed });
    const late = new Promise<null>((resolve) => setTimeout(() => resolve(null), LATE_MS));
    const why = await Promise.race([this.#master?.over ?? late, late]);
    return why === null
      ? new Failure(
        "connection_lost",
        `Cannot go on with ${this.name}: a command broke off: ${words.join(" ")}`,
      )
      : lostBy(why);
  }

  /** Ends the connection with all that hangs on it. */
  #drop(): void {
    if (this.#master?.isOver === false) endChild(this.#master.child, "SIGKILL");
    this.#master = null;
  }

  /** From now on only what was measured is asked for, and not for long. */
  #farewell = (): void => {
    const end = () =>
      this.#closed.abort(
        new Failure(
          "machine_hung",
          `Cannot wait for ${this.name}: it was stopped ${FAREWELL_SECONDS} s ago and does not answer`,
        ),
      );
    this.#options.clock.timeout(FAREWELL_SECONDS).addEventListener("abort", end, { once: true });
  };

  #host(): string {
    return this.#options.address.host;
  }

  #flags(): string[] {
    const { address, identity, alias, clock } = this.#options;
    const seconds = (real: number) => Math.max(1, Math.ceil((clock.after(real) - clock.now()) / 1000));
    const own = identity.kind === "run"
      ? {
        IdentityFile: optionPath(identity.key_file),
        IdentitiesOnly: "yes",
        IdentityAgent: "none",
        UserKnownHostsFile: optionPath(identity.known_hosts),
        GlobalKnownHostsFile: "/dev/null",
        HostKeyAlias: alias,
        UpdateHostKeys: "no",
      }
      : { UserKnownHostsFile: `${optionPath(identity.known_hosts)} ~/.ssh/known_hosts` };
    const options = {
      ...own,
      BatchMode: "yes",
      StrictHostKeyChecking: "accept-new",
      ForwardAgent: "no",
      ForwardX11: "no",
      PermitLocalCommand: "no",
      ControlPersist: "no",
      ConnectTimeout: String(Math.max(3, seconds(CONNECT_SECONDS))),
      ServerAliveInterval: String(seconds(ALIVE_SECONDS)),
      ServerAliveCountMax: String(ALIVE_TIMES),
      LogLevel: "ERROR",
    };
    return [
      ...(identity.kind === "run" ? ["-F", "none"] : []),
      ...Object.entries(options).flatMap(([name, value]) => ["-o", `${name}=${value}`]),
      ...(address.port === null ? [] : ["-p", String(address.port)]),
      ...(address.key_file === undefined ? [] : ["-o", `IdentityFile=${optionPath(address.key_file)}`]),
      ...(address.user === null ? [] : ["-l", address.user]),
    ];
  }
}

/** The Failure of a connection that was there. */
function lostBy(why: Failure): Failure {
  return UNLIKE_LOST.includes(why.code) ? why : new Failure("connection_lost", why.message);
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return (listener.addr as Deno.NetAddr).port;
}
