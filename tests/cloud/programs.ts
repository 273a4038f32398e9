// The programs of a "machine" that a real one would have: nvidia-smi, an installer, a package manager. Faults are counted in files.
import { join } from "node:path";
import { nvidiaSmiScript } from "../fakes/nvidia_smi.ts";
import { holdFile } from "./hold.ts";
import type { MachineFaults, MachineOptions } from "./machine.ts";
import { imagePrograms, publishers } from "./releases.ts";

/** A GPU as its driver tells it. */
export interface Card {
  readonly name: string;
  readonly memory_mib: number;
  /** What no other card has; by its place where it is not told. */
  readonly uuid?: string;
  /** What its maker lets it draw, W. */
  readonly tdp_w?: number;
  /** Lanes of its PCIe link. */
  readonly pcie_width?: number;
}

const TDP_W = 450;
const LANES = 16;
/** Part of its power that a card at work draws, and one at rest. */
const DRAW = { work: 0.78, rest: 0.06 };

/** Writes the programs into `bin`; what they count lies in `state`. */
export async function programs(options: MachineOptions & { bin: string; state: string }): Promise<void> {
  const { bin, state, faults } = options;
  await Deno.writeTextFile(
    join(state, "engine.json"),
    JSON.stringify({
      ...options.speed,
      gpus: options.cards.length,
      vram_gib: options.cards.reduce((sum, card) => sum + card.memory_mib, 0) / 1024,
      ...faults.engine,
    }),
  );
  const isStrange = faults.idleAgent !== undefined || faults.clockAhead !== undefined;
  const texts: Record<string, string> = {
    "nvidia-smi": nvidiaSmi(options),
    curl: await publishers(state, faults.publisher),
    sudo: 'while [ "${1#-}" != "$1" ]; do shift; done; exec "$@"',
    fuser: counted(state, "dpkg", faults.dpkgLocked ?? 0, "echo 4711; exit 0", "exit 1"),
    dpkg: faults.halfConfigured === true ? interrupted(join(state, "repaired")) : "exit 0",
    "apt-get": "exit 0",
    // What it unpacks was never packed.
    zstd: 'for last; do :; done; exec cat "$last"',
    unzip: 'exec cat "$2"',
    df: `echo "Filesystem 1024-blocks Used Available Capacity Mounted on"
echo "/dev/sda1 999999999 1 ${Math.round((faults.diskGb ?? options.diskGb) * 1e9 / 1024)} 1% /"`,
    ...imagePrograms(options.image ?? ""),
    ...faults.image,
    ...(faults.clockAhead === undefined ? {} : { date: ahead(faults.clockAhead) }),
    ...(faults.system === undefined ? {} : { uname: uname(faults.system) }),
    ...(faults.damaged === undefined ? {} : { tail: damaging(state, faults.damaged) }),
    ...(faults.noDeno === true ? { deno: "exit 127" } : {}),
    ...(isStrange ? { deno: await strangeDeno(state, faults) } : {}),
  };
  for (const [name, text] of Object.entries(texts)) {
    await Deno.writeTextFile(join(bin, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  }
  if (texts.deno === undefined) await Deno.symlink(Deno.execPath(), join(bin, "deno"));
}

/** What `uname` tells of a system such as `Linux x86_64`. */
function uname(system: string): string {
  return `case "$*" in -m) echo '${system.split(" ")[1]}';; *) echo '${system}';; esac`;
}

/** A package manager that complains until it is repaired. */
function interrupted(repaired: string): string {
  return `case "$1" in
  --audit) [ -e '${repaired}' ] || echo "The following packages are only half configured";;
  --configure) touch '${repaired}';;
esac`;
}

/** What reads files, of which one comes otherwise than it lies there. */
function damaging(state: string, times: number): string {
  const real = 'exec /usr/bin/tail "$@"';
  return `case "$*" in *metadata.json*);; *) ${real};; esac
${counted(state, "damaged", times, "echo damaged; exit 0", real)}`;
}

/** A Deno of the machine's own that does nothing, or by whose clock it is later. */
async function strangeDeno(state: string, { idleAgent = 0, clockAhead = 0 }: MachineFaults): Promise<string> {
  const preload = join(state, "later.js");
  const ms = clockAhead * 1000;
  await Deno.writeTextFile(
    preload,
    `const Real = Date;
globalThis.Date = class extends Real {
  constructor(...told) { super(...(told.length === 0 ? [Real.now() + ${ms}] : told)); }
  static now() { return Real.now() + ${ms}; }
};\n`,
  );
  const real = `exec '${Deno.execPath()}'`;
  const run = `shift; ${real} run --preload='${preload}' "$@"`;
  return `[ "$1" = run ] || ${real} "$@"\n${counted(state, "idle", idleAgent, "exit 0", run)}`;
}

function nvidiaSmi({ state, cards: offered, cuda: offeredCuda, faults }: MachineOptions & { state: string }) {
  const cards = faults.cards ?? offered;
  const answers = nvidiaSmiScript({
    cards: cards.map((card, place) => atWork(card, place, faults)),
    resting: cards.map(atRest),
    held: holdFile(state),
    cuda: faults.cuda ?? offeredCuda,
  }, state);
  const broken = `echo "Failed to initialize NVML: Driver/library version mismatch"; exit 18`;
  return counted(state, "driver", faults.driverFails ?? 0, broken, answers);
}

/** A card that works: cards beside one another differ a little, and the inner ones are warmer. */
function atWork(card: Card, place: number, { usedMib = 300, powerLimitW, pcieWidth }: MachineFaults) {
  const { name, memory_mib, uuid, tdp_w = TDP_W, pcie_width = LANES } = card;
  const watts = (tdp_w * DRAW.work * (1 - 0.02 * (place % 4))).toFixed(1);
  return {
    name,
    driver_version: "570.124.04",
    ...(uuid === undefined ? {} : { uuid }),
    "utilization.gpu": `${96 - place % 3}`,
    "memory.total": `${memory_mib}`,
    "memory.used": `${usedMib}`,
    "temperature.gpu": `${61 + 3 * (place % 4)}`,
    "enforced.power.limit": `${powerLimitW ?? tdp_w}.00`,
    "power.default_limit": `${tdp_w}.00`,
    "pcie.link.width.current": `${pcieWidth ?? pcie_width}`,
    "power.draw": watts,
    "power.draw.instant": watts,
  };
}

function atRest({ tdp_w = TDP_W }: Card, place: number) {
  const watts = (tdp_w * DRAW.rest + place % 4).toFixed(1);
  return {
    "utilization.gpu": "0",
    "temperature.gpu": `${33 + place % 4}`,
    "power.draw": watts,
    "power.draw.instant": watts,
  };
}

/** Does `first` for the first `times` calls (-1: always), then `then`. */
function counted(state: string, name: string, times: number, first: string, then: string): string {
  if (times === 0) return then;
  const file = join(state, `${name}.count`);
  return `n=$(cat '${file}' 2>/dev/null || echo 0); echo $((n + 1)) > '${file}'
if [ ${times} -lt 0 ] || [ "$n" -lt ${times} ]; then ${first}; fi
${then}`;
}

function ahead(seconds: number): string {
  return `case "$*" in
  -r*) echo $(($(/usr/bin/date "$@") + ${seconds}));;
  *) exec /usr/bin/date -d '+${seconds} seconds' "$@";;
esac`;
}
