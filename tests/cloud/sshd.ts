// The sshd of a machine: OpenSSH's own, on loopback or in a network of the machine's own.
import { join } from "node:path";
import type { Network } from "./network.ts";

const SSHD = "/usr/sbin/sshd";
const LOOPBACK = "127.0.0.1";

/** Makes the key by which the machine is known; another one each time. */
export async function makeHostKey(folder: string): Promise<void> {
  const path = join(folder, "host_key");
  await Deno.remove(path).catch(() => undefined);
  const args = ["-q", "-t", "ed25519", "-N", "", "-f", path];
  await new Deno.Command("ssh-keygen", { args, stdin: "null" }).output();
}

/** Writes its settings: who may log in, and what every session runs. */
export async function configureSshd(
  folder: string,
  network: Network | undefined,
  port: number,
  entry: string,
  authorized: string,
): Promise<void> {
  await makeHostKey(folder);
  // Without it, sshd of the superuser does not start.
  if (Deno.uid() === 0) await Deno.mkdir("/run/sshd", { recursive: true });
  const lines = [
    `Port ${port}`,
    `ListenAddress ${network?.address ?? LOOPBACK}`,
    `HostKey ${join(folder, "host_key")}`,
    `AuthorizedKeysFile ${authorized}`,
    "PidFile none",
    "StrictModes no",
    "UsePAM no",
    "PasswordAuthentication no",
    "KbdInteractiveAuthentication no",
    "PermitRootLogin yes",
    "X11Forwarding no",
    `ForceCommand ${entry}`,
    // A bash that sshd starts reads ~/.bashrc, which is that of whoever runs this, unless it is not the first shell.
    "SetEnv SHLVL=5",
  ];
  await Deno.writeTextFile(join(folder, "sshd_config"), `${lines.join("\n")}\n`);
}

/** Starts it, and waits until it takes connections. */
export async function startSshd(
  folder: string,
  port: number,
  mark: string,
  network: Network | undefined,
): Promise<Deno.ChildProcess> {
  const [name = "", value = ""] = mark.split("=");
  const command = [SSHD, "-D", "-e", "-f", join(folder, "sshd_config")];
  const [program = "", ...args] = network === undefined
    ? command
    : ["ip", "netns", "exec", network.name, ...command];
  const child = new Deno.Command(program, {
    args,
    env: { [name]: value },
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  await listening(network?.address ?? LOOPBACK, port);
  return child;
}

/** Waits until the port takes connections. */
async function listening(hostname: string, port: number): Promise<void> {
  for (let round = 0; round < 400; round++) {
    try {
      (await Deno.connect({ hostname, port })).close();
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
  throw new Error(`Cannot start sshd: nobody listens at port ${port}`);
}
