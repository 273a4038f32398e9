// gpu.csv while the benchmark runs: every GPU of this machine, from before the load until after it, and what went wrong meanwhile.
import { join } from "node:path";
import { endChild, startChild } from "../lib/child.ts";
import type { TelemetryMeta } from "../schema/metadata.ts";
import { cutText } from "../schema/text.ts";
import { EVIDENCE_FILES } from "../schema/evidence_files.ts";
import { amdSource } from "./amd_smi.ts";
import { BoundedFile } from "./bounded_file.ts";
import type { GpuSource, Printed } from "./gpu_source.ts";
import { linesOf } from "./lines_of.ts";
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
/** No row of a driver's program is longer. */
const MOST_CHARACTERS = 16 * 1024;
const MOST_SAID = 10;
/** A program may take so long to end. */
const END_MS = 2000;

/** Starts to sample this machine's GPUs into `out`/gpu.csv; null when no program here knows of any. */
export async function startTelemetry(out: string, log: (text: string) => void): Promise<Telemetry | null> {
  const failures: string[] = [];
  for (const find of [nvidiaSource, amdSource]) {
    const source = await find();
    if (source === null) continue;
    if ("failure" in source) {
      failures.push(source.failure);
      continue;
    }
    for (const failure of failures) log(`${failure}; ${source.program} answers`);
    return await Sampler.start(source, out, log);
  }
  if (failures.length === 0) return null;
  for (const failure of failures) log(`no telemetry: ${failure}`);
  return failed(failures);
}

function failed(failures: string[]): Telemetry {
  const nothing = () => Promise.resolve();
  return {
    told: { program: null, failures },
    rested: nothing,
    finish: nothing,
    [Symbol.asyncDispose]: nothing,
  };
}

class Sampler implements Telemetry {
  readonly told: TelemetryMeta;
  readonly #failures: string[] = [];
  readonly #restedTicks = Promise.withResolvers<void>();
  #ended = false;
  #closed = false;
  #rows = 0;
  #gpus = 1;
  #finished: Promise<void> | null = null;
  #process: { child: Deno.ChildProcess; copied: Promise<void> } | null = null;

  static async start(source: GpuSource, out: string, log: (text: string) => void): Promise<Sampler> {
    const sampler = new Sampler(
      source,
      new BoundedFile(join(out, "gpu.csv"), EVIDENCE_FILES["gpu.csv"].most_bytes),
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
    readonly file: BoundedFile,
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
      for (const signal of ["SIGTERM", "SIGKILL"] as const) {
        endChild(process.child, signal);
        await soon(process.copied);
      }
    }
    await this.#sampleOnce();
    const { driver_version, processes, failure } = await this.source.identify();
    if (failure !== null) this.#fail(failure);
    Object.assign(this.told, { driver_version_after: driver_version, processes_after: processes });
    if (driver_version !== this.told.driver_version) {
      this.log(`the driver was ${this.told.driver_version} and is ${driver_version}`);
    }
    this.#closed = true;
    this.file[Symbol.dispose]();
  }

  #spawn() {
    const child = startChild(this.source.program, {
      args: [...this.source.sampling],
      also: ["devices"],
      env: { TZ: "UTC", PYTHONUNBUFFERED: "1" },
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    });
    return { child, copied: this.#copy(child) };
  }

  /** Every whole line that the program prints; a last one that is cut off is left out. */
  async #copy(child: Deno.ChildProcess): Promise<void> {
    const read = this.source.reader();
    try {
      for await (const line of linesOf(child.stdout, MOST_CHARACTERS)) this.#take(read(line));
    } catch (error) {
      if (!this.#closed) this.#end(error instanceof Error ? error.message : String(error));
    }
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
    for (const line of answer.text.split(/\r?\n/)) this.#take(read(line));
  }

  #take(printed: Printed): void {
    if (printed === null || this.#closed) return;
    if ("unread" in printed) return this.#miss(printed.unread);
    if ("said" in printed) return this.#fail(`${this.source.program} said ${cutText(printed.said, 200)}`);
    this.#write(printed.row);
    this.#rows += 1;
    if (this.#rows >= (TICKS_AT_REST + 1) * this.#gpus) this.#restedTicks.resolve();
  }

  /** A line of which nobody knows what it is. */
  #miss(line: string): void {
    this.told.unread_lines = (this.told.unread_lines ?? 0) + 1;
    if (this.told.unread_lines > MOST_SAID) return;
    this.log(`${this.source.program} printed what cannot be read: ${cutText(line, 200)}`);
  }

  /** Each failure once. */
  #fail(failure: string): void {
    if (this.#failures.includes(failure) || this.#failures.length >= MOST_SAID) return;
    this.#failures.push(failure);
    this.log(failure);
  }

  /** No sample is worth the measurement: without room for it, it goes on without samples. */
  #write(line: string): void {
    if (this.#ended) return;
    try {
      if (this.file.write(`${line}\n`)) return;
      this.#end(`gpu.csv has reached its largest size, ${this.file.most_bytes} bytes`);
    } catch (error) {
      this.#end(error instanceof Error ? error.message : String(error));
    }
  }

  #end(why: string): void {
    this.#ended = true;
    this.log(`no samples are kept any more: ${why}`);
  }
}

/** Resolves when `ended` does, or when that has taken long enough. */
async function soon(ended: Promise<void>): Promise<void> {
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(late.resolve, END_MS);
  await Promise.race([ended, late.promise]);
  clearTimeout(timer);
}
