// One SSH connection to a machine, shared by all commands (ControlMaster). It ends with this process, however that ends.
import { join } from "node:path";
import { abortReason, type Clock, throwIfAborted } from "../lib/clock.ts";
import { eachLine } from "../lib/shell.ts";
import { Failure } from "../schema/failures.ts";
import type { Address } from "../schema/machine.ts";
import { runSsh, type SshOptions } from "./ssh_process.ts";
import { sshFailure } from "./ssh_trouble.ts";

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
}

const CONNECT_SECONDS = 15;
const ALIVE_SECONDS = 10;
const ALIVE_TIMES = 3;
/** ssh's own exit code when the connection failed. */
const LOST = 255;
let sockets = 0;

export class Connection implements AsyncDisposable {
  readonly #options: ConnectionOptions;
  readonly #socket: string;
  #master: { readonly child: Deno.ChildProcess; readonly ended: Promise<unknown>; isOver: boolean } | null =
    null;
  #opening: Promise<void> | null = null;
  readonly #forwards = new Map<string, Promise<number>>();

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#socket = join(options.sockets, String(++sockets));
  }

  /** How messages name it. */
  get name(): string {
    const { user, host, port } = this.#options.address;
    return `${user === null ? "" : `${user}@`}${host}${port === null ? "" : `:${port}`}`;
  }

  /** Connects unless it is connected. A Failure says why it cannot: ssh_unreachable, ssh_denied, host_key_changed. */
  open(signal?: AbortSignal): Promise<void> {
    if (this.#master?.isOver === false) return Promise.resolve();
    this.#opening ??= this.#connect(signal).finally(() => this.#opening = null);
    return this.#opening;
  }

  /** Runs a shell script on the machine to its end and returns its exit code; connection_lost when it cannot be known. */
  async exec(script: string, options: SshOptions = {}): Promise<number> {
    await this.open(options.signal);
    const { code, words } = await runSsh(
      [...this.#flags(), "-S", this.#socket, this.#host(), "--", script],
      options,
    );
    if (options.signal !== undefined) throwIfAborted(options.signal);
    if (code !== LOST) return code;
    const { message } = sshFailure(this.name, words);
    throw new Failure("connection_lost", message);
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

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#opening?.catch(() => undefined);
    const master = this.#master;
    if (master === null || master.isOver) return;
    await runSsh([...this.#flags(), "-S", this.#socket, "-O", "exit", this.#host()]);
    await master.child.stdin.close().catch(() => undefined);
    const timer = setTimeout(() => master.isOver || master.child.kill("SIGKILL"), 2000);
    await master.ended;
    clearTimeout(timer);
  }

  /** The master waits on our end of a pipe: when this process is gone, so is the connection. */
  async #connect(signal?: AbortSignal): Promise<void> {
    if (signal !== undefined) throwIfAborted(signal);
    await Deno.remove(this.#socket).catch(() => undefined);
    this.#forwards.clear();
    const child = new Deno.Command("ssh", {
      args: [
        ...this.#flags(),
        "-M",
        "-S",
        this.#socket,
        this.#host(),
        "--",
        "echo ready; exec cat >/dev/null",
      ],
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const words: string[] = [];
    const { promise: ready, resolve } = Promise.withResolvers<boolean>();
    const ended = Promise.all([
      child.status,
      eachLine(child.stdout, (line) => line === "ready" && resolve(true)),
      eachLine(child.stderr, (line) => words.push(line)),
    ]).then(() => {
      master.isOver = true;
      resolve(false);
    });
    const master = { child, ended, isOver: false };
    const stop = () => master.isOver || child.kill("SIGTERM");
    signal?.addEventListener("abort", stop, { once: true });
    try {
      if (await ready) {
        this.#master = master;
        return;
      }
    } finally {
      signal?.removeEventListener("abort", stop);
    }
    await child.stdin.close().catch(() => undefined);
    if (signal?.aborted) throw abortReason(signal);
    throw sshFailure(this.name, words);
  }

  async #startForward(to: string): Promise<number> {
    let last: readonly string[] = [];
    for (let attempt = 0; attempt < 3; attempt++) {
      const port = freePort();
      const where = ["-O", "forward", "-L", `127.0.0.1:${port}:${to}`];
      const { code, words } = await runSsh([...this.#flags(), "-S", this.#socket, ...where, this.#host()]);
      if (code === 0) return port;
      last = words;
    }
    throw new Failure("connection_lost", `Cannot reach ${to} on ${this.name}: ${last.join(" ")}`);
  }

  #host(): string {
    return this.#options.address.host;
  }

  #flags(): string[] {
    const { address, identity, alias, clock } = this.#options;
    const seconds = (real: number) => Math.max(1, Math.ceil((clock.after(real) - clock.now()) / 1000));
    const own = identity.kind === "run"
      ? {
        IdentityFile: identity.key_file,
        IdentitiesOnly: "yes",
        IdentityAgent: "none",
        UserKnownHostsFile: identity.known_hosts,
        GlobalKnownHostsFile: "/dev/null",
        HostKeyAlias: alias,
        UpdateHostKeys: "no",
      }
      : { UserKnownHostsFile: `"${identity.known_hosts}" ~/.ssh/known_hosts` };
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
      ...(address.key_file === undefined ? [] : ["-i", address.key_file]),
      ...(address.user === null ? [] : ["-l", address.user]),
    ];
  }
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return (listener.addr as Deno.NetAddr).port;
}
