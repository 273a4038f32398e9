// A key pair of the run's own: made before the first machine, readable by its user alone, removed when no machine is left.
import { join } from "node:path";
import { UserError } from "../errors.ts";
import { exists } from "../lib/files.ts";
import { runCommand } from "../lib/shell.ts";
import { optionPath } from "../machines/ssh_words.ts";
import { Failure } from "../schema/failures.ts";

export interface KeyPair {
  readonly key_file: string;
  readonly known_hosts: string;
  /** OpenSSH's one line. */
  readonly public_key: string;
}

/** The key pair of `runDir`, made when it has none; a Failure `ssh_unusable` when OpenSSH would not take it. */
export async function keyPair(runDir: string): Promise<KeyPair> {
  const folder = folderOf(runDir);
  const key_file = join(folder, "id_ed25519");
  if (!await exists(`${key_file}.pub`)) {
    await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
    await Deno.remove(key_file).catch(() => undefined);
    const words: string[] = [];
    const command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "gpu-almanac", "-f", key_file];
    const code = await runCommand(command, { onStderr: (line) => words.push(line) });
    if (code !== 0) {
      const found = words.join(" ") || `ssh-keygen ended with ${code}`;
      throw new UserError(`Cannot make an SSH key: ${found}`, "Install OpenSSH's client.");
    }
  }
  await requireTaken(key_file);
  const known_hosts = join(folder, "known_hosts");
  // Both become words of OpenSSH's.
  [key_file, known_hosts].forEach(optionPath);
  const public_key = (await Deno.readTextFile(`${key_file}.pub`)).trim();
  return { key_file, known_hosts, public_key };
}

/** OpenSSH takes no key that others may read, as every file can be on some file systems. */
async function requireTaken(key_file: string): Promise<void> {
  const { mode } = await Deno.stat(key_file);
  if (mode === null || (mode & 0o077) === 0) return;
  throw new Failure(
    "ssh_unusable",
    `Cannot use the SSH key ${key_file}: its mode is ${
      (mode & 0o777).toString(8)
    }, and OpenSSH refuses a key that others may read`,
    { hint: "Choose a --root on a file system that keeps the modes of files." },
  );
}

/** Removes the key pair. */
export async function removeKeyPair(runDir: string): Promise<void> {
  await Deno.remove(folderOf(runDir), { recursive: true }).catch(() => undefined);
}

function folderOf(runDir: string): string {
  return join(runDir, "ssh");
}
