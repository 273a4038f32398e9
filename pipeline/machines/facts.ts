// What a machine says of itself: one script, one reader.
import { z } from "zod";
import { Failure } from "../schema/failures.ts";
import { check } from "../schema/parse.ts";
import { visible } from "../schema/plain_text.ts";
import { cutText } from "../schema/text.ts";
import { INSTALLATION, LINE_CHARACTERS } from "./limits.ts";
import type { Machine } from "./machine.ts";

/** Characters of a name; of a path, which becomes a word of commands; of what nvidia-smi says instead of GPUs. */
const NAME = 200;
const PATH = 500;
const SHOWN = 300;
const MOST_GPUS = 64;
/** The last second that a date of four digits can tell. */
const LAST_SECOND = 253_402_300_799;
const REPAIR_SECONDS = 600;

const count = z.number().min(0).max(Number.MAX_SAFE_INTEGER);

const Gpu = z.strictObject({
  name: z.string(),
  memory_mib: count,
  used_mib: count,
  driver: z.string(),
});

/** What a machine may say of itself. */
const Facts = z.strictObject({
  /** Seconds since 1970 by its own clock. */
  clock: z.int().min(0).max(LAST_SECOND),
  /** `Linux x86_64`. */
  system: z.string(),
  disk_free_gb: count,
  /** Whether it is still being set up: cloud-init runs, or somebody holds the package manager. */
  busy: z.enum(["cloud-init", "package manager"]).nullable(),
  /** Whether the package manager was interrupted. */
  half_configured: z.boolean(),
  gpus: z.array(Gpu).max(MOST_GPUS),
  /** Why there are none: what nvidia-smi printed instead. */
  gpu_error: z.string().nullable(),
  cuda: z.number().nullable(),
  /** Path and version of its own Deno. */
  deno: z.strictObject({ path: z.string().max(PATH), version: z.string() }).nullable(),
});

export type Gpu = Readonly<z.infer<typeof Gpu>>;
export type Facts = Readonly<z.infer<typeof Facts>>;

const CLOCK = "clock ";
const SCRIPT = `SUDO=; [ "$(id -u)" = 0 ] || SUDO="sudo -n"
echo "${CLOCK}$(date +%s)"
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

/** Facts, and by how many seconds the machine's clock was ahead of ours when it told the time. */
export interface SeenFacts extends Facts {
  readonly clock_ahead: number;
}

/** Asks a machine for its facts; a Failure `hostile_output` when they cannot be true. `now`: milliseconds since 1970 by our clock. */
export async function factsOf(
  machine: Pick<Machine, "run">,
  signal: AbortSignal,
  now: () => number,
): Promise<SeenFacts> {
  const lines: string[] = [];
  let heard = now();
  const onStdout = (line: string) => {
    if (line.startsWith(CLOCK)) heard = now();
    lines.push(line);
  };
  await machine.run(["sh", "-c", SCRIPT], { signal, onStdout });
  const checked = check(Facts, readFacts(lines));
  if ("value" in checked) {
    return { ...checked.value, clock_ahead: Math.round(checked.value.clock - heard / 1000) };
  }
  throw new Failure(
    "hostile_output",
    `Cannot believe what the machine says of itself: ${checked.faults.join("; ")}`,
  );
}

/** Runs what repairs an interrupted package manager. */
export async function repairPackages(machine: Machine, signal: AbortSignal): Promise<void> {
  const script = `SUDO=; [ "$(id -u)" = 0 ] || SUDO="sudo -n"; $SUDO dpkg --configure -a`;
  await machine.run(["sh", "-c", script], { signal, ...INSTALLATION, seconds: REPAIR_SECONDS });
}

/** What lines of the script tell, whether it can be true or not. Pure. */
export function readFacts(lines: readonly string[]): Facts {
  const values = (name: string) =>
    lines.filter((line) => line.startsWith(`${name} `)).map((line) => line.slice(name.length + 1));
  const told = values("gpu");
  const gpus = told.map(gpuOf).filter((gpu) => gpu !== null).slice(0, MOST_GPUS + 1);
  const deno = /^deno (\d\S*).* (\/\S+)$/.exec(cutText(values("deno")[0] ?? "", LINE_CHARACTERS));
  const busy = values("busy")[0];
  return {
    clock: Number(values("clock")[0]),
    system: named(values("system")[0] ?? ""),
    disk_free_gb: Number(values("disk")[0] ?? 0) * 1024 / 1e9,
    busy: busy === "cloud-init" || busy === "package manager" ? busy : null,
    half_configured: lines.includes("half"),
    gpus,
    gpu_error: gpus.length > 0
      ? null
      : cutText(visible(told.join(" ")), SHOWN) || "nvidia-smi prints nothing",
    cuda: Number(/CUDA Version: ([\d.]+)/.exec(values("cuda")[0] ?? "")?.[1]) || null,
    deno: deno?.[1] === undefined || deno[2] === undefined
      ? null
      : { version: named(deno[1]), path: deno[2] },
  };
}

function gpuOf(line: string): Gpu | null {
  const [name, memory, used, driver] = line.split(",").map((cell) => cell.trim());
  const memory_mib = Number(memory);
  if (name === undefined || driver === undefined || !(memory_mib > 0)) return null;
  return { name: named(name), memory_mib, used_mib: Number(used) || 0, driver: named(driver) };
}

/** A name as it is kept and shown. */
function named(text: string): string {
  return cutText(visible(text), NAME);
}
