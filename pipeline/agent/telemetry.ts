// gpu.csv while the benchmark runs: every GPU of this machine, from before the load until after it, and what went wrong meanwhile.
import { join } from "node:path";
import type { TelemetryMeta } from "../schema/metadata.ts";
import { cutText } from "../schema/text.ts";
import { amdSource } from "./amd_smi.ts";
import type { GpuSource, Printed } from "./gpu_source.ts";
import { nvidiaSource } from "./nvidia_smi.ts";
import { ask } from "./program.ts";

export interface Telemetry extends AsyncDisposable {
  /** What is known so far, for metadata.json. */
  readonly told: TelemetryMeta;
  /** Resolves when the GPUs have been seen at rest, or cannot be. */
  readonly rested: (stop: AbortSignal) => Promise<void>;
  /** One last sample, then the end; does nothing a second time. */
  readonly finish: () => Promise<void>;
}

/** Samples of the machine at rest before the load. */
const TICKS_AT_REST = 3;
const REST_MS = 5000;

/** Starts to sample this machine's GPUs into `out`/gpu.csv; null when no program here knows of any. */
export async function startTelemetry(out: string, log: (text: string) => void): Promise<Telemetry | null> {
  const source = await nvidiaSource() ?? await amdSource();
  if (source === null) return null;
  if ("failure" in source) {
    log(`no telemetry: ${source.failure}`);
    return failed(source.failure);
  }
  return await Sampler.start(source, out, log);
}

function failed(failure: string): Telemetry {
  const nothing = () => Promise.resolve();
  return {
    told: { program: null, failures: [failure] },
    rested: nothing,
    finish: nothing,
    [Symbol.asyncDispose]: nothing,
  };
}

class Sampler implements Telemetry {
  readonly told: TelemetryMeta;
  readonly #failures: string[] = [];
  readonly #restedTicks = Promise.withResolvers<void>();
  #rows = 0;
  #gpus = 1;
  #finished: Promise<void> | null = null;
  #process: { child: Deno.ChildProcess; copied: Promise<void> } | null = null;

  static async start(source: GpuSource, out: string, log: (text: string) => void): Promise<Sampler> {
    const sampler = new Sampler(
      source,
      Deno.openSync(join(out, "gpu.csv"), { write: true, create: true, truncate: true }),
      log,
    );
    sampler.#write(source.columns.join(","));
    await sampler.#sampleOnce();
    sampler.#gpus = Math.max(1, sampler.#rows);
    const { driver_version, processes } = await source.identify();
    Object.assign(sampler.told, { driver_version, processes_before: processes });
    sampler.#process = sampler.#spawn();
    return sampler;
  }

  private constructor(
    readonly source: GpuSource,
    readonly file: Deno.FsFile,
    readonly log: (text: string) => void,
  ) {
    const { program, interval_ms } = source;
    this.told = { program, interval_ms, failures: this.#failures };
  }

  async rested(stop: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, REST_MS);
    stop.addEventListener("abort", () => resolve(), { once: true });
    if (stop.aborted) resolve();
    await Promise.race([this.#restedTicks.promise, promise]);
    clearTimeout(timer);
  }

  finish(): Promise<void> {
    return this.#finished ??= this.#finish();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.finish();
  }

  async #finish(): Promise<void> {
    const process = this.#process;
    this.#process = null;
    if (process !== null) {
      try {
        process.child.kill("SIGTERM");
      } catch {
        // It has ended by itself, which has been told.
      }
      await process.copied;
    }
    await this.#sampleOnce();
    const { driver_version, processes, failure } = await this.source.identify();
    if (failure !== null) this.#fail(failure);
    Object.assign(this.told, { driver_version_after: driver_version, processes_after: processes });
    if (driver_version !== this.told.driver_version) {
      this.log(`the driver was ${this.told.driver_version} and is ${driver_version}`);
    }
    this.file.close();
  }

  #spawn() {
    const child = new Deno.Command(this.source.program, {
      args: [...this.source.sampling],
      env: { TZ: "UTC", PYTHONUNBUFFERED: "1" },
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    return { child, copied: this.#copy(child) };
  }

  /** Every whole line that the program prints; a last one that is cut off is left out. */
  async #copy(child: Deno.ChildProcess): Promise<void> {
    const read = this.source.reader();
    for await (const line of wholeLines(child.stdout)) this.#take(read(line));
    const { code, signal } = await child.status;
    if (this.#process !== null) {
      this.log(`${this.source.program} ended by itself: ${signal ?? `code ${code}`}`);
    }
    this.#restedTicks.resolve();
  }

  async #sampleOnce(): Promise<void> {
    const answer = await ask(this.source.program, this.source.once);
    if (answer === null) return;
    if ("failure" in answer) return this.#fail(answer.failure);
    const read = this.source.reader();
    for (const line of answer.text.split("\n")) this.#take(read(line));
  }

  #take(printed: Printed): void {
    if (printed === null) return;
    if ("said" in printed) return this.#fail(`${this.source.program} said ${cutText(printed.said, 200)}`);
    this.#write(printed.row);
    this.#rows += 1;
    if (this.#rows >= (TICKS_AT_REST + 1) * this.#gpus) this.#restedTicks.resolve();
  }

  /** Each failure once. */
  #fail(failure: string): void {
    if (this.#failures.includes(failure) || this.#failures.length >= 10) return;
    this.#failures.push(failure);
    this.log(failure);
  }

  #write(line: string): void {
    for (let rest = new TextEncoder().encode(`${line}\n`); rest.length > 0;) {
      rest = rest.subarray(this.file.writeSync(rest));
    }
  }
}

async function* wholeLines(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of stream) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) yield line.replace(/\r$/, "");
  }
}
