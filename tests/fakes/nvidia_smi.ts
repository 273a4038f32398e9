// A stand-in for nvidia-smi: a shell script that answers as the real one does, field by field, in the order asked.
import { join } from "node:path";

/** One GPU as its driver tells it: the cells that differ from a healthy card's. */
export type Card = Readonly<Record<string, string>>;

export interface Options {
  readonly cards: readonly Card[];
  /** Fields that `--help-query-gpu` names although a query with them fails. */
  readonly refused?: readonly string[];
  /** Fields that this driver does not have. */
  readonly without?: readonly string[];
  /** What the sampling process prints after so many ticks, before it ends with code 15. */
  readonly dies?: { readonly ticks: number; readonly saying: string };
  /** What every question is answered with instead, with code 9. */
  readonly broken?: string;
  /** Begins a line and is ended within it. */
  readonly cut?: boolean;
  /** Lines of --query-compute-apps. */
  readonly processes?: readonly string[];
  /** The driver after it has been asked once. */
  readonly laterDriver?: string;
  /** Lines of `nvidia-smi -L` beside the GPUs. */
  readonly list?: readonly string[];
  readonly cuda?: string;
  readonly interval_s?: number;
  /** Cells of each card in the first ticks, in which nothing is asked of it yet. */
  readonly resting?: readonly Card[];
  /** File with a process and MiB of each card that it holds as long as it lives. */
  readonly held?: string;
}

/** A card at work; the stand-in shows `0` for its load in the first ticks. */
const HEALTHY: Card = {
  name: "NVIDIA GeForce RTX 4090",
  driver_version: "580.65.06",
  "utilization.gpu": "97",
  "utilization.memory": "61",
  "memory.used": "18000",
  "memory.total": "24564",
  "temperature.gpu": "61",
  "temperature.memory": "N/A",
  "power.draw": "[N/A]",
  "power.draw.instant": "[N/A]",
  "power.draw.average": "[N/A]",
  "enforced.power.limit": "450.00",
  "power.default_limit": "450.00",
  "clocks.current.sm": "2520",
  "clocks.current.memory": "10501",
  pstate: "P2",
  "pcie.link.gen.current": "4",
  "pcie.link.width.current": "16",
  "clocks_event_reasons.active": "0x0000000000000000",
  "clocks_event_reasons_counters.sw_power_cap": "0",
  "clocks_event_reasons_counters.sw_thermal_slowdown": "0",
  "clocks_event_reasons_counters.hw_thermal_slowdown": "0",
  "clocks_event_reasons_counters.hw_power_brake_slowdown": "0",
};
/** Ticks in which nothing has been asked of the GPUs yet. */
const AT_REST = 4;

/** Writes the program into a new folder and returns that folder. */
export async function fakeNvidiaSmi(options: Options): Promise<string> {
  const folder = await Deno.makeTempDir();
  const text = `#!/bin/sh\n${nvidiaSmiScript({ interval_s: 0.05, ...options }, folder)}\n`;
  await Deno.writeTextFile(join(folder, "nvidia-smi"), text, { mode: 0o755 });
  return folder;
}

/** The text of the program; what it remembers lies in `state`. */
export function nvidiaSmiScript(options: Options, state: string): string {
  if (options.broken !== undefined) return `echo "${options.broken}"; exit 9`;
  const { without = [], refused = [], dies, cut, processes = [], list = [], cards, resting = [] } = options;
  const fields = [...Object.keys(HEALTHY), "index", "uuid"].filter((field) => !without.includes(field));
  const isTold = ([field]: [string, string]) => fields.includes(field) && !refused.includes(field);
  const cellsOf = (told: Card, index: number) =>
    Object.entries(told).filter(isTold).map(([field, cell]) => `      ${index}:${field}) cell='${cell}';;`);
  const all = cards.map((card, index) => ({ ...HEALTHY, index: `${index}`, uuid: `GPU-${index}`, ...card }));
  const cells = all.flatMap(cellsOf);
  const cellsAtRest = resting.flatMap(cellsOf);
  // Who asks once while something holds the cards finds them at work.
  const atWork = options.held === undefined
    ? ""
    : `${heldBy(options.held)}\n    [ "$held" = 0 ] || tick=${AT_REST}\n    `;
  const later = options.laterDriver;
  return `indexes='${cards.map((_, index) => index).join(" ")}'
rows() {
  now=$(date -u +%Y/%m/%d\\ %H:%M:%S.%3N)
  ${options.held === undefined ? "" : heldBy(options.held)}
  for i in $indexes; do
    line=
    for field in $fields; do
      case $i:$field in
      *:timestamp) cell=$now;;
${cells.join("\n")}
      *) echo "Field \\"$field\\" is not a valid field to query."; exit 2;;
      esac
      ${
    cellsAtRest.length === 0
      ? ""
      : `[ $tick -ge ${AT_REST} ] || case $i:$field in\n${cellsAtRest.join("\n")}\n      esac`
  }
      ${options.held === undefined ? "" : "[ $field = memory.used ] && cell=$((cell + held))"}
      [ $field = utilization.gpu ] && [ "$cell" = 97 ] && [ $tick -lt ${AT_REST} ] && cell=0
      line="$line\${line:+, }$cell"
    done
    echo "$line"
  done
}
case "$1" in
  --query-gpu=*) fields=$(echo "$1" | sed 's/--query-gpu=//;s/,/ /g');;
esac
tick=${AT_REST}
case "$*" in
  --help-query-gpu) printf '"%s"\\n' ${fields.join(" ")};;
  --query-compute-apps*) ${processes.map((line) => `echo "${line}"`).join("; ") || ":"};;
  -L) ${all.map(({ uuid }, index) => `echo "GPU ${index}: some GPU (UUID: ${uuid})"`).join("; ") || ":"}
    ${list.map((line) => `echo "${line}"`).join("; ") || ":"};;
  *-lms*)
    trap '${cut === true ? 'printf "2026/01/01 00:00:0"; ' : ""}exit 0' TERM
    tick=0
    while true; do
      ${dies === undefined ? "" : `[ $tick -lt ${dies.ticks} ] || { echo "${dies.saying}"; exit 15; }`}
      rows
      tick=$((tick + 1))
      sleep ${options.interval_s ?? 0.2}
    done;;
  --query-gpu=driver_version*)
    ${
    later === undefined ? "" : `[ -e '${state}/asked' ] && echo '${later}' && exit 0; touch '${state}/asked'`
  }
    rows;;
  --query-gpu=*) ${
    cards.length === 0 ? 'echo "No devices were found"; exit 6' : `tick=0\n    ${atWork}rows`
  };;
  "") echo "| NVIDIA-SMI 580.65.06    Driver Version: 580.65.06    CUDA Version: ${
    options.cuda ?? "13.0"
  } |";;
  *) exit 2;;
esac`;
}

/** Reads into `held` how much a process that lives holds of each card. */
function heldBy(file: string): string {
  return `pid= held=0
  [ -e '${file}' ] && read -r pid held <'${file}'
  kill -0 "$pid" 2>/dev/null || held=0`;
}
