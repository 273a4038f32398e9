// deno-lint-ignore-file no-console
// Programs the tests need beyond npm packages: Chromium (the site) and OpenSSH's server (remote machines), from Debian's packages.
interface Needed {
  readonly program: string;
  readonly debianPackage: string;
}

export const SSH_SERVER: Needed = { program: "/usr/sbin/sshd", debianPackage: "openssh-server" };
const TESTS: readonly Needed[] = [{ program: "/usr/bin/chromium", debianPackage: "chromium" }, SSH_SERVER];

/** Installs what the tests need. Those that miss a program fail with a sentence of their own. */
export async function prepare(): Promise<void> {
  await install(TESTS);
}

/** Installs what is missing when root on Debian; else says what to install. */
export async function install(needed: readonly Needed[]): Promise<void> {
  const missing = needed.filter(({ program }) => !exists(program)).map(({ debianPackage }) => debianPackage);
  if (missing.length === 0) return;
  if (Deno.uid() !== 0 || !exists("/usr/bin/apt-get")) {
    console.error(
      `Needed: ${missing.join(" and ")}. Install it: sudo apt-get install ${missing.join(" ")}`,
    );
    return;
  }
  console.error(`Installing ${missing.join(" and ")}`);
  await aptGet("update", "-qq");
  await aptGet("install", "-y", "-qq", "--no-install-recommends", ...missing);
}

async function aptGet(...args: string[]): Promise<void> {
  const command = new Deno.Command("apt-get", {
    args,
    env: { DEBIAN_FRONTEND: "noninteractive" },
    stdin: "null",
    stdout: "null",
  });
  const { code } = await command.spawn().status;
  if (code !== 0) console.error(`apt-get ${args.join(" ")} ended with ${code}`);
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}
