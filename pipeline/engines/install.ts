// An engine comes to a machine that is ours by a shell script; of one that fails the last lines are shown.
import { INSTALLATION } from "../machines/limits.ts";
import { Failure } from "../schema/failures.ts";
import type { EngineHost, EngineWorld } from "./engine.ts";

const SHOWN_LINES = 10;

/** For scripts: `need PROGRAM…` and `need_packages PACKAGE…` install what small images lack; they wait for a busy package manager. */
export const NEED = `SUDO=; [ "$(id -u)" = 0 ] || SUDO="sudo -n"
need_packages() {
  $SUDO apt-get -o DPkg::Lock::Timeout=300 update -qq
  $SUDO env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends ca-certificates "$@"
}
need() {
  missing=; for needed in "$@"; do command -v $needed >/dev/null || missing="$missing $needed"; done
  [ -z "$missing" ] || need_packages $missing
}`;

/**
 * Runs `script` on the machine with `args` as $1, $2 …; returns the last line that it printed. A Failure `install_failed`
 * names the installer's last words, `disk_too_small` a full disk.
 */
export async function install(
  title: string,
  script: string,
  args: readonly string[],
  host: EngineHost,
  world: EngineWorld,
): Promise<string> {
  const words: string[] = [];
  let printed = "";
  const keep = (line: string) => {
    if (line.trim() === "") return;
    words.push(line);
    if (words.length > SHOWN_LINES) words.shift();
  };
  const code = await host.run(["sh", "-c", script, "install", ...args], {
    ...INSTALLATION,
    signal: world.signal,
    onStdout: (line) => {
      printed = line;
      keep(line);
    },
    onStderr: keep,
  });
  if (code === 0) return printed;
  for (const line of words) world.log(`  ${line}`);
  const isFull = words.some((line) => /no space left on device/i.test(line));
  throw new Failure(
    isFull ? "disk_too_small" : "install_failed",
    `Cannot install ${title}: ${words.at(-1) ?? `its installer ended with ${code}`}`,
  );
}
