// One "machine" by itself, without a cloud: for what only needs a real sshd.
import { join } from "node:path";
import { realClock } from "../../pipeline/lib/clock.ts";
import type { Machine } from "../../pipeline/machines/machine.ts";
import { connect, type ConnectContext } from "../../pipeline/machines/mod.ts";
import { type MachineFaults, RunningMachine } from "./machine.ts";
import { login } from "./login.ts";
import { cardOf } from "./stock.ts";

export interface SshHost extends AsyncDisposable {
  /** A folder here that ends with the machine. */
  readonly folder: string;
  readonly running: RunningMachine;
  /** The key that it lets in. */
  readonly key_file: string;
  readonly user: string;
  connect(changes?: Partial<ConnectContext>): Promise<Machine>;
  /** Ends every connection to it; what runs on it goes on. */
  cutConnections(): void;
  /** The same address, another host key: as if somebody sat in between. */
  restartWithNewKey(): Promise<void>;
}

/** Starts a machine. */
export async function sshHost(faults: MachineFaults = {}): Promise<SshHost> {
  const folder = await Deno.makeTempDir({ prefix: "h-" });
  const key_file = join(folder, "key");
  await new Deno.Command("ssh-keygen", { args: ["-q", "-t", "ed25519", "-N", "", "-f", key_file] }).output();
  const key = (await Deno.readTextFile(`${key_file}.pub`)).trim();
  const user = await login();
  const running = await RunningMachine.start({
    id: "host",
    folder: join(folder, "machine"),
    cards: [cardOf("RTX 4090")],
    cuda: "12.8",
    diskGb: 80,
    env: {},
    speed: { bandwidth_gb_s: 1008, efficiency: 0.6, pull_gb_s: 400 },
    faults,
  }, [key]);
  return {
    folder,
    running,
    key_file,
    user,
    connect: (changes = {}) =>
      connect({ kind: "ssh", host: "127.0.0.1", port: running.port, user }, {
        machine_id: "host",
        run_dir: folder,
        identity: { kind: "run", key_file, known_hosts: join(folder, "known_hosts") },
        sockets: folder,
        clock: realClock(),
        signal: new AbortController().signal,
        ...changes,
      }),
    cutConnections: () => running.cutConnections(),
    restartWithNewKey: () => running.restartWithNewKey(),
    [Symbol.asyncDispose]: async () => {
      await running[Symbol.asyncDispose]();
      await Deno.remove(folder, { recursive: true });
    },
  };
}
