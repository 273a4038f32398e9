// The agent runs on the machine under test, as one file: MODEL=qwen2:7b DURATION=5m deno run -A agent.js
// Exit codes: 0 done, 1 failed, 2 wrong settings, 130 stopped. What was measured is in OUT in every case.
import { calibrateBriefly } from "../calibrate/brief.ts";
import { runMock } from "../calibrate/mock/process.ts";
import { ENDS_WITH_STDIN } from "../lib/deno_flags.ts";
import { withoutKey } from "../lib/api_key.ts";
import { allowedEnv, variableNames } from "../lib/env.ts";
import { AgentError, type Config, readConfig } from "./config.ts";
import { helpText } from "./help.ts";
import { EXAMPLE, SETTINGS } from "./settings.ts";
import { mostInFlight } from "../schema/load.ts";
import { run, type Watcher } from "./run.ts";
import { shardsOf } from "./shards/exchanger.ts";
import { isShard, serveShard } from "./shards/shard.ts";
import { loadLabel } from "../schema/load.ts";
import { stepInWords, type Tally } from "../schema/tally.ts";

function say(target: typeof Deno.stdout | typeof Deno.stderr, text: string): void {
  target.writeSync(new TextEncoder().encode(text));
}

/** Nobody may be there to read it any more, which ends no measurement. */
function tell(target: typeof Deno.stdout | typeof Deno.stderr, text: string): void {
  try {
    say(target, text);
  } catch {
    // The other end of the pipe is closed.
  }
}

function inWords(tally: Tally): string {
  const { arrival, level, elapsed_seconds, planned_seconds, requests, errors, tokens_per_second } = tally;
  return `${loadLabel(arrival, level)}${stepInWords(tally)}  ${
    elapsed_seconds.toFixed(0)
  } of ${planned_seconds} s  ${requests} requests  ${errors} errors  ` +
    `${tokens_per_second.toFixed(1)} tokens/s`;
}

function watcherFor(config: Config): Watcher {
  if (config.progress_json) {
    const print = (tally: Tally) => tell(Deno.stdout, `${JSON.stringify(tally)}\n`);
    return { progress: print, ended: print };
  }
  const terminal = Deno.stderr.isTerminal();
  return {
    progress: (tally) => terminal && tell(Deno.stderr, `\r\x1b[K${inWords(tally)}`),
    ended: (tally) => tell(Deno.stderr, `${terminal ? "\r\x1b[K" : ""}${inWords(tally)}\n`),
  };
}

/** The mock server comes in this same file. Without a calibration the measurement goes on all the same. */
async function calibrate(config: Config, stop: AbortSignal): Promise<void> {
  const plain = Deno.mainModule.endsWith(".js") ? ["--no-config"] : [];
  const may = ["--no-prompt", "--allow-net=127.0.0.1", "--allow-env=MOCK_SERVER", "--allow-ffi"];
  const args = ["run", "--quiet", ...plain, ...may, Deno.mainModule];
  try {
    const { out, calibration: kept } = config;
    const mock = { args, env: { MOCK_SERVER: "1" } };
    await calibrateBriefly({ out, kept, level: mostInFlight(config), shards: shardsOf(config), mock }, stop);
  } catch (error) {
    say(Deno.stderr, `not calibrated: ${error instanceof Error ? error.message : String(error)}\n`);
  }
}

/** Who starts it by hand is told where to look; a run has words of its own for what the agent says. */
function withAdvice(error: unknown, { model, url, out }: Config): unknown {
  if (!(error instanceof AgentError)) return error;
  return new AgentError(
    `Cannot measure ${model}: ${error.message}\nSee that the engine answers at ${url} (URL=…) and has the model; what was measured is in ${out}`,
    error.exitCode,
  );
}

/** Whoever started us is gone when our stdin ends. */
async function stopWithStdin(stop: AbortController): Promise<void> {
  for await (const _ of Deno.stdin.readable);
  stop.abort();
}

/** What is told as an argument would be no setting, and is not shown: it may be a key. */
function refuseArguments(): void {
  const [first] = Deno.args;
  if (first === undefined) return;
  const name = /^-*[A-Za-z_-]+/.exec(first)?.[0] ?? "an argument";
  throw new AgentError(
    `Cannot start the agent: ${name} stands behind agent.js. ` +
      `Settings are environment variables, before it: ${EXAMPLE} (--help lists them)`,
    2,
  );
}

async function main(): Promise<number> {
  const stop = new AbortController();
  if (allowedEnv([ENDS_WITH_STDIN])[ENDS_WITH_STDIN] === "1") void stopWithStdin(stop);
  for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, () => stop.abort());
  try {
    refuseArguments();
    const set = allowedEnv(SETTINGS.map(({ name }) => name));
    const config = readConfig(set, new Date(), variableNames());
    if (config.calibrate) await calibrate(config, stop.signal);
    await run(config, stop.signal, watcherFor(config)).catch((error) => {
      throw config.progress_json ? error : withAdvice(error, config);
    });
    if (!config.progress_json) say(Deno.stderr, `evidence in ${config.out}\n`);
    return stop.signal.aborted ? 130 : 0;
  } catch (error) {
    say(Deno.stderr, `${withoutKey(error instanceof Error ? error.message : String(error))}\n`);
    return error instanceof AgentError ? error.exitCode : 1;
  }
}

if (isShard()) {
  serveShard();
} else if (import.meta.main) {
  if (Deno.args.some((word) => word === "--help" || word === "-h")) say(Deno.stdout, helpText());
  else if (allowedEnv(["MOCK_SERVER"]).MOCK_SERVER === "1") await runMock();
  else Deno.exitCode = await main();
  Deno.exit();
}
