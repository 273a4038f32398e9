// The command line: the only reader of Deno.args, printer of errors and setter of exit codes. Each command's module is loaded when it is chosen.
import type { BenchmarksOptions, Question } from "./commands/benchmarks.ts";
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { misplacedOptions, usageError } from "./commands/usage.ts";
import { messageOf, StoppedError, UserError } from "./errors.ts";
import { createLog, writeWhole } from "./lib/log.ts";
import { clean, cleanJson } from "./lib/terminal.ts";
import { terminalWidth } from "./lib/terminal_width.ts";
import { nearest } from "./schema/nearest.ts";
import { pathsOf } from "./paths.ts";
import { LIST_LIMIT } from "./schema/limits.ts";
import { OUTPUTS, RECOMMEND_BY } from "./schema/names.ts";
import { parseSlo, SLO_TIERS, type SloLimits } from "./schema/slo.ts";

/** What a command is given: where to read and write, how to talk, and where data goes. */
export interface Shell {
  readonly paths: ReturnType<typeof pathsOf>;
  readonly log: ReturnType<typeof createLog>;
  /** Shows a text; what a terminal would obey is shown as `?`. */
  readonly print: (text: string) => void;
  /** Characters a line of a table may have. */
  readonly width: number;
  /** Writes JSON; what a terminal would obey is escaped, and the value stays. */
  readonly printJson: (json: string) => void;
  /** Writes CSV with its line ends; what a terminal would obey is shown as `?`. */
  readonly printCsv: (csv: string) => void;
  /** Empties the terminal. */
  readonly clear: () => void;
}

const QUESTIONS = {
  best: "the fastest hardware for a model",
  cheapest: "the most tokens per dollar for a model",
  recommend: "which GPU to take for a model",
  compare: "all hardware for a model beside the fastest",
};
const SLO_WORDS = "keep limits at the 99th percentile, e.g. ttft=500ms,tpot=50ms, or a tier: " +
  SLO_TIERS.join(", ");
const EXIT = { done: 0, failed: 1, usage: 2, someFailed: 3, overBudget: 4, stopped: 130 } as const;
type Exit = (typeof EXIT)[keyof typeof EXIT];

let exit: Exit = EXIT.done;

const program = new Command("almanac")
  .description("Measures LLM inference on GPUs and says what a dollar buys.")
  .enablePositionalOptions()
  .configureOutput({ writeErr: printError, outputError: () => {} });
refusing(program);

matrixOptions(command("run-matrix", "benchmark the machines of a matrix, then build data and site"))
  .option("--max-usd <n>", "stop, and end all machines, before more US dollars are spent", positiveNumber)
  .option("--max-hours <n>", "stop, and end all machines, after so many hours", positiveNumber)
  .option("--yes", "rent what the plan shows without asking", false)
  .action(async (matrix, options) => {
    const { runMatrixCommand } = await import("./commands/run_matrix.ts");
    exit = await runMatrixCommand({ matrix, ...options }, shellOf(options));
  });

matrixOptions(command("plan", "what a matrix would rent, in which order, for how much; rents nothing"))
  .action(async (matrix, options) => {
    const { planCommand } = await import("./commands/plan.ts");
    exit = await planCommand({ matrix, ...options }, shellOf(options));
  });

command("sweep", "machines with our label that no run wants, on every account whose key is set")
  .option("--destroy", "destroy them, after saving what was measured on those of dead runs", false)
  .option(
    "--deployment <name>",
    "of another root, by the name in its labels: all its machines, without its journals",
  )
  .action(async (options) => {
    const { sweepCommand } = await import("./commands/sweep.ts");
    exit = await sweepCommand(options, shellOf(options));
  });

command("status", "the manifest of a run as a table")
  .argument("[run]", "run id; default: the newest run")
  .option("--watch", "redraw every two seconds until the run has ended")
  .action(async (run, options) => {
    const { statusCommand } = await import("./commands/status.ts");
    await statusCommand({ run, watch: options.watch === true }, shellOf(options));
  });

command("agent", "write the agent as one file that measures a machine by itself")
  .argument("[file]", "where to write it", "agent.js")
  .action(async (file, options) => {
    const { agentCommand } = await import("./commands/agent.ts");
    await agentCommand({ file }, shellOf(options));
  });

command("calibrate", "what the load generator adds to the times it measures on this machine")
  .option("--levels <list>", "streams at once, level by level", levelList, [1, 16, 64, 256, 512, 1024])
  .option("--seconds <n>", "window of each level", positiveNumber, 4)
  .option(
    "--shards <n>",
    "threads that read the streams; default: as the highest level needs",
    positiveInteger,
  )
  .addOption(new Option("-o, --output <format>", "how to print").choices(["table", "json"]).default("table"))
  .action(async (options) => {
    const { calibrateCommand } = await import("./commands/calibrate.ts");
    exit = await calibrateCommand(options, shellOf(options));
  });

command("import", "take in result directories in the specification's format")
  .argument("<dirs...>", "directories with results.jsonl, metadata.json and gpu.csv")
  .requiredOption("--provider <name>", "who lent the machine, e.g. vastai")
  .option("--price <usd>", "US dollars per hour", positiveNumber)
  .option("--location <place>", "where the machine stands, e.g. US")
  .option("--format <name>", "format of the directories; default: detected")
  .action(async (dirs, options) => {
    const { importCommand } = await import("./commands/import.ts");
    exit = await importCommand({ dirs, ...options }, shellOf(options));
  });

command("submit", "add one result of which only the figures are known")
  .argument(
    "<file>",
    "JSON file with hardware, model, results, provider, price_per_hour, as POST /api/v1/benchmarks takes it",
  )
  .action(async (file, options) => {
    const { submitCommand } = await import("./commands/submit.ts");
    await submitCommand({ file }, shellOf(options));
  });

const benchmarks = command("benchmarks", "list the newest benchmarks, or ask about them");
benchmarks.hook("preSubcommand", (self, question) => {
  const misplaced = misplacedOptions(self, question);
  if (misplaced !== null) throw misplaced;
});
query(benchmarks, false)
  .option("-l, --limit <n>", `how many to list, at most ${LIST_LIMIT.most}`, listLimit, LIST_LIMIT.usual)
  .allowExcessArguments()
  .action((options, self: Command) => {
    const [unknown] = self.args;
    if (unknown !== undefined) throw unknownQuestion(unknown);
    return answer("list", options);
  });
for (const [name, description] of Object.entries(QUESTIONS)) {
  const child = query(rooted(benchmarks.command(name).description(description)), true);
  if (name === "cheapest") child.option("--min-tps <n>", "at least this many tokens/s", positiveNumber);
  if (name === "compare" || name === "recommend") {
    child.option("-l, --limit <n>", "how many rows", positiveInteger);
  }
  if (name === "recommend") {
    child.addOption(
      new Option("--by <what>", "what ranks: tokens/s, or tokens per dollar").choices(RECOMMEND_BY),
    );
  }
  if (name !== "compare") child.option("--slo <limits>", SLO_WORDS, slo);
  child.action((options) => answer(name, options));
}

command("build-data", "raw evidence to Parquet, DuckDB and JSON")
  .action(async (options) => {
    const { buildDataCommand } = await import("./commands/build.ts");
    await buildDataCommand(shellOf(options));
  });

addressed(command("build-site", "built data to the static site"))
  .action(async (options) => {
    const { buildSiteCommand } = await import("./commands/build.ts");
    await buildSiteCommand(options, shellOf(options));
  });

addressed(command("build", "build-data, then build-site"))
  .action(async (options) => {
    const { buildCommand } = await import("./commands/build.ts");
    await buildCommand(options, shellOf(options));
  });

command("serve", "the live REST API and the built site")
  .option("--port <n>", "port; 0 takes any free one", port, 8080)
  .option("--host <address>", "address to listen at; 0.0.0.0 is open to the network", "127.0.0.1")
  .option("--log", "write a line for every request to stderr", false)
  .action(async (options) => {
    const { serveCommand } = await import("./commands/serve.ts");
    await serveCommand(options, shellOf(options));
  });

if (import.meta.main) {
  try {
    await program.parseAsync(Deno.args, { from: "user" });
  } catch (error) {
    exit = report(error);
  }
  Deno.exit(exit);
}

function command(name: string, description: string): Command {
  return rooted(program.command(name).description(description));
}

function rooted(target: Command): Command {
  return refusing(target)
    .option("--root <dir>", "folder that everything is written under; default: the repository");
}

function refusing(target: Command): Command {
  return target.exitOverride((error) => {
    throw error.code.startsWith("commander.help") ? error : usageError(target, error);
  });
}

function matrixOptions(target: Command): Command {
  return target
    .argument("[matrix]", "matrix file", "runs/local.json")
    .option("--resume <run>", "go on with a run: entries that did not succeed are measured again")
    .option("--parallel <n>", "leases worked on at the same time", positiveInteger, 8)
    .option("--allow-spill", "measure models that do not fit into GPU memory, too", false);
}

function addressed(target: Command): Command {
  return target
    .option("--url <address>", "address the site will have, for the feed and the sitemap")
    .option("--base <path>", "path the site is served under (default: that of --url, or /)");
}

function query(target: Command, needsModel: boolean): Command {
  const model = new Option("-m, --model <name>", "model name");
  return target.addOption(needsModel ? model.makeOptionMandatory() : model)
    .option("-g, --gpu <name>", "GPU name, or a part of it")
    .option("-p, --provider <name>", "provider")
    .option("--runtime <name>", "runtime: ollama, llama.cpp …")
    .option("--concurrency <n>", "load level; default 1, where levels may not be mixed", positiveInteger)
    .option("--workload <label>", 'what requests asked for, e.g. chat or "fixed 512/128"; default standard')
    .addOption(new Option("-o, --output <format>", "how to print").choices(OUTPUTS).default("table"));
}

function unknownQuestion(name: string): UserError {
  return new UserError(
    `Cannot answer "benchmarks ${name}": there is no such question`,
    `Nearest known: ${nearest(name, Object.keys(QUESTIONS)).join(", ")}.`,
    { exitCode: 2 },
  );
}

async function answer(name: string, options: Record<string, unknown>): Promise<void> {
  const { benchmarksCommand } = await import("./commands/benchmarks.ts");
  await benchmarksCommand(name as Question, options as unknown as BenchmarksOptions, shellOf(options));
}

function shellOf(options: { root?: unknown }): Shell {
  return {
    paths: pathsOf(typeof options.root === "string" ? options.root : undefined),
    log: createLog(),
    get width() {
      return terminalWidth();
    },
    print: (text) => writeWhole(Deno.stdout, clean(text)),
    printJson: (json) => writeWhole(Deno.stdout, cleanJson(json)),
    printCsv: (csv) => writeWhole(Deno.stdout, csv.split("\r\n").map(clean).join("\r\n")),
    clear: () => writeWhole(Deno.stdout, "\x1b[2J\x1b[H"),
  };
}

function report(error: unknown): Exit {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  if (error instanceof UserError) {
    printError(`${messageOf(error)}\n${error.hint}\n`);
    return error.exitCode;
  }
  if (error instanceof StoppedError) {
    printError(`${messageOf(error)}\n`);
    return EXIT.stopped;
  }
  if (error instanceof Deno.errors.BrokenPipe) return EXIT.done;
  if (isSystemError(error)) {
    printError(
      `Cannot go on: ${error.message}\nFree space or mend what is named; then run it again, or go on with --resume RUN.\n`,
    );
    return EXIT.failed;
  }
  printError(
    `This is a fault of the program, please report it:\n${
      error instanceof Error ? error.stack : String(error)
    }\n`,
  );
  return EXIT.failed;
}

/** The operating system said no: a full disk, a missing right, a file system that is read-only. */
function isSystemError(error: unknown): error is Error & { code: string } {
  return error instanceof Error && "code" in error && /^E[A-Z]+$/.test(String(error.code));
}

function printError(text: string): void {
  try {
    writeWhole(Deno.stderr, clean(text));
  } catch {
    // The terminal is gone; the exit code still says it.
  }
}

function positiveNumber(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError("It must be a number above 0.");
}

function positiveInteger(text: string): number {
  const value = positiveNumber(text);
  if (Number.isInteger(value)) return value;
  throw new InvalidArgumentError("It must be a whole number above 0.");
}

function slo(text: string): SloLimits {
  const limits = parseSlo(text);
  if ("fault" in limits) throw new InvalidArgumentError(limits.fault);
  return limits;
}

function levelList(text: string): number[] {
  return text.split(",").map(positiveInteger);
}

function port(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value <= 65_535) return value;
  throw new InvalidArgumentError("It must be a whole number from 0 to 65535.");
}

function listLimit(text: string): number {
  const value = positiveInteger(text);
  if (value <= LIST_LIMIT.most) return value;
  throw new InvalidArgumentError(
    `It must be at most ${LIST_LIMIT.most}; the file api/v1/benchmarks.json has all.`,
  );
}
