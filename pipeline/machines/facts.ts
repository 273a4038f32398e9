// What a machine says of itself: one script, one reader.
import { INSTALLATION } from "./limits.ts";
import type { Machine } from "./machine.ts";

export interface Gpu {
  readonly name: string;
  readonly memory_mib: number;
  readonly used_mib: number;
  readonly driver: string;
}

export interface Facts {
  /** Seconds since 1970 by its own clock. */
  readonly clock: number;
  /** `Linux x86_64`. */
  readonly system: string;
  readonly disk_free_gb: number;
  /** Whether it is still being set up: cloud-init runs, or somebody holds the package manager. */
  readonly busy: "cloud-init" | "package manager" | null;
  /** Whether the package manager was interrupted. */
  readonly half_configured: boolean;
  readonly gpus: readonly Gpu[];
  /** Why there are none: what nvidia-smi printed instead. */
  readonly gpu_error: string | null;
  readonly cuda: number | null;
  /** Path and version of its own Deno. */
  readonly deno: { readonly path: string; readonly version: string } | null;
}

/** Characters of what nvidia-smi says instead. */
const SHOWN = 300;
const REPAIR_SECONDS = 600;

const SCRIPT = `SUDO=; [ "$(id -u)" = 0 ] || SUDO="sudo -n"
echo "clock $(date +%s)"
echo "system $(uname -sm)"
echo "disk $(df -Pk "$HOME" | tail -n 1 | { read -r _ _ _ free _; echo "$free"; })"
if command -v cloud-init >/dev/null 2>&1; then case "$(cloud-init status 2>/dev/null)" in *running*) echo "busy cloud-init";; esac; fi
if command -v fuser >/dev/null 2>&1 && $SUDO fuser /var/lib/dpkg/lock-frontend /var/lib/dpkg/lock >/dev/null 2>&1; then echo "busy package manager"; fi
if command -v dpkg >/dev/null 2>&1 && [ -n "$(dpkg --audit 2>/dev/null)" ]; then echo half; fi
if command -v nvidia-smi >/dev/null 2>&1; then
  nvidia-smi --query-gpu=name,memory.total,memory.used,driver_version --format=csv,noheader,nounits 2>&1 | while read -r line; do echo "gpu $line"; done
  nvidia-smi 2>/dev/null | while read -r line; do case "$line" in *"CUDA Version: "*) echo "cuda $line";; esac; done
else echo "gpu nvidia-smi is not there"; fi
deno=$(command -v deno) && echo "deno $("$deno" --version | head -n 1) $deno"
exit 0`;

/** Asks a machine for its facts. */
export async function factsOf(machine: Machine, signal: AbortSignal): Promise<Facts> {
  const lines: string[] = [];
  await machine.run(["sh", "-c", SCRIPT], { signal, onStdout: (line) => lines.push(line) });
  return readFacts(lines);
}

/** Runs what repairs an interrupted package manager. */
export async function repairPackages(machine: Machine, signal: AbortSignal): Promise<void> {
  const script = `SUDO=; [ "$(id -u)" = 0 ] || SUDO="sudo -n"; $SUDO dpkg --configure -a`;
  await machine.run(["sh", "-c", script], { signal, ...INSTALLATION, seconds: REPAIR_SECONDS });
}

/** The facts that lines of the script tell. Pure. */
export function readFacts(lines: readonly string[]): Facts {
  const values = (name: string) =>
    lines.filter((line) => line.startsWith(`${name} `)).map((line) => line.slice(name.length + 1));
  const told = values("gpu");
  const gpus = told.map(gpuOf).filter((gpu) => gpu !== null);
  const [deno] = values("deno").map((line) => /^deno (\d\S*).* (\/\S+)$/.exec(line));
  const busy = values("busy")[0];
  return {
    clock: Number(values("clock")[0]),
    system: values("system")[0] ?? "",
    disk_free_gb: Number(values("disk")[0] ?? 0) * 1024 / 1e9,
    busy: busy === "cloud-init" || busy === "package manager" ? busy : null,
    half_configured: lines.includes("half"),
    gpus,
    gpu_error: gpus.length > 0
      ? null
      : told.join(" ").slice(0, SHOWN).toWellFormed() || "nvidia-smi prints nothing",
    cuda: Number(/CUDA Version: ([\d.]+)/.exec(values("cuda")[0] ?? "")?.[1]) || null,
    deno: deno?.[1] === undefined || deno[2] === undefined ? null : { version: deno[1], path: deno[2] },
  };
}

function gpuOf(line: string): Gpu | null {
  const [name, memory, used, driver] = line.split(",").map((cell) => cell.trim());
  const memory_mib = Number(memory);
  if (name === undefined || driver === undefined || !(memory_mib > 0)) return null;
  return { name, memory_mib, used_mib: Number(used) || 0, driver };
}
