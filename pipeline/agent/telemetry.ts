// gpu.csv while the benchmark runs: nvidia-smi's own lines, verbatim, below a header with our column names.
import { join } from "node:path";

/** Our column → nvidia-smi's field; where drivers differ, the first that this driver knows. */
const COLUMNS: readonly (readonly [column: string, ...fields: [string, ...string[]]])[] = [
  ["timestamp", "timestamp"],
  ["gpu_index", "index"],
  ["gpu_uuid", "uuid"],
  ["utilization_pct", "utilization.gpu"],
  ["memory_used_mib", "memory.used"],
  ["memory_total_mib", "memory.total"],
  ["temperature_c", "temperature.gpu"],
  ["power_w", "power.draw.instant", "power.draw"],
  ["power_limit_w", "enforced.power.limit", "power.limit"],
  ["sm_clock_mhz", "clocks.current.sm", "clocks.sm"],
  ["throttle_reasons", "clocks_event_reasons.active", "clocks_throttle_reasons.active"],
];
const INTERVAL_MS = 500;

/** The columns and fields that a driver offers, given the text of `nvidia-smi --help-query-gpu`. Pure. */
export function queryFor(help: string): { columns: string[]; fields: string[] } {
  const known = (field: string) => field === "timestamp" || help.includes(`"${field}"`);
  const columns: string[] = [];
  const fields: string[] = [];
  for (const [column, ...candidates] of COLUMNS) {
    const field = candidates.find(known);
    if (field === undefined) continue;
    columns.push(column);
    fields.push(field);
  }
  return { columns, fields };
}

/** Samples every GPU twice a second into `out`/gpu.csv until disposed; null when this machine has no nvidia-smi. */
export async function startTelemetry(out: string): Promise<AsyncDisposable | null> {
  const help = await nvidiaSmi(["--help-query-gpu"]);
  if (help === null) return null;
  const { columns, fields } = queryFor(help);
  const file = await Deno.open(join(out, "gpu.csv"), { write: true, create: true, truncate: true });
  file.writeSync(new TextEncoder().encode(`${columns.join(",")}\n`));
  const child = new Deno.Command("nvidia-smi", {
    args: [`--query-gpu=${fields.join(",")}`, "--format=csv,noheader,nounits", "-lms", String(INTERVAL_MS)],
    env: { TZ: "UTC" },
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const copied = child.stdout.pipeTo(file.writable).catch(() => undefined);
  return {
    [Symbol.asyncDispose]: async () => {
      try {
        child.kill("SIGTERM");
      } catch {
        // It has ended by itself; the gap shows in gpu.csv.
      }
      await child.status;
      await copied;
    },
  };
}

/** What nvidia-smi prints for `args`; null when it is missing or fails. */
export async function nvidiaSmi(args: readonly string[]): Promise<string | null> {
  try {
    const { success, stdout } = await new Deno.Command("nvidia-smi", {
      args: [...args],
      stdin: "null",
      stderr: "null",
    }).output();
    return success ? new TextDecoder().decode(stdout) : null;
  } catch {
    return null;
  }
}
