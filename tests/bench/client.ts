// deno-lint-ignore-file no-console
// `deno task bench-client [guidellm|aiperf|vllm]…|none`: the agent's client beside plain fetch and other load generators,
// against the same mock server in one run, and against the embedded engine's own timings. Without names all that can be installed
// are taken. Exits with 1 when an aim is missed.
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Calibration, CalibrationLevel } from "../../pipeline/schema/calibration.ts";
import { benchmarksOf } from "../mock_runs.ts";
import { installPeer } from "./client/environment.ts";
import { type PeerFigures, runPeer } from "./client/peer_run.ts";
import { type Peer, PEERS } from "./client/peers.ts";
import { realEngineLines } from "./client/real_engine.ts";
import { atLeast, atMost, type Line, report } from "./line.ts";

/** 416 streams are just above 20,000 chunks/s. */
const LEVELS = [1, 64, 256, 416, 512, 1024];
/** The level whose CPU time is compared, and one more to see who keeps up. */
const PEER_LEVELS = [64, 256];
const SECONDS = 4;
const CLEAN_RUNS = 100;
const here = dirname(fileURLToPath(import.meta.url));

/** One client as it stands in the comparison. */
interface Contender {
  readonly name: string;
  /** At 64 streams. */
  readonly cpu_us_per_chunk: number;
  /** Of the highest level at which it told the truth and kept up. */
  readonly clean_chunks_per_second: number;
}

async function calibrated(name: "agent" | "fetch"): Promise<Calibration> {
  const args = ["run", "-A", join(here, "client", "levels.ts"), name, LEVELS.join(","), String(SECONDS)];
  const { success, stdout } = await new Deno.Command(Deno.execPath(), { args, stderr: "inherit" }).output();
  if (!success) throw new Error(`the levels of ${name} failed`);
  return JSON.parse(new TextDecoder().decode(stdout));
}

function ofDeno({ client, levels, ceiling_chunks_per_second }: Calibration): Contender {
  const level = levels.find(({ streams }) => streams === PEER_LEVELS[0]);
  return {
    name: client,
    cpu_us_per_chunk: level?.cpu_us_per_chunk ?? NaN,
    clean_chunks_per_second: ceiling_chunks_per_second ?? 0,
  };
}

/** A peer is clean where its 99th percentile of TTFT is within 2 ms and it kept 95 % of the streams' chunks coming. */
function ofPeer(name: string, figures: readonly PeerFigures[]): Contender {
  const clean = figures.filter(({ streams, chunks_per_second, p99_ttft_error_ms }) =>
    Math.abs(p99_ttft_error_ms) < 2 && chunks_per_second > 0.95 * streams * 49
  );
  return {
    name,
    cpu_us_per_chunk: figures.find(({ streams }) => streams === PEER_LEVELS[0])?.cpu_us_per_chunk ?? NaN,
    clean_chunks_per_second: Math.max(0, ...clean.map(({ chunks_per_second }) => chunks_per_second)),
  };
}

function levelLine(name: string, level: CalibrationLevel): Line {
  const number = (value: number | null) => value?.toFixed(2) ?? "–";
  return {
    what: `${name}, ${level.streams} streams`,
    found:
      `${level.chunks_per_second.toFixed(0)} chunks/s; TTFT error p50 ${number(level.p50_ttft_error_ms)}, ` +
      `p99 ${number(level.p99_ttft_error_ms)} ms; ITL error p50 ${number(level.p50_itl_error_ms)}, ` +
      `p99 ${number(level.p99_itl_error_ms)} ms; ${number(level.cpu_us_per_chunk)} µs CPU a chunk` +
      (level.clean || level.server_fit ? "" : "; the server itself was late"),
    aim: "counts exact",
    held: level.counts_exact,
  };
}

async function peerLines(peer: Peer, venvs: string): Promise<{ lines: Line[]; contender: Contender | null }> {
  const skipped = (reason: string) => ({
    what: peer.name,
    found: `skipped: ${reason.slice(0, 120)}`,
    aim: "–",
    held: true,
  });
  try {
    console.error(`installing ${peer.name}`);
    const bin = await installPeer(peer, venvs);
    const figures: PeerFigures[] = [];
    for (const streams of PEER_LEVELS) {
      console.error(`${peer.name}: ${streams} streams`);
      figures.push(await runPeer(peer, bin, streams));
    }
    const lines = figures.map(({ streams, chunks_per_second, cpu_us_per_chunk, p99_ttft_error_ms }) => ({
      what: `${peer.name}, ${streams} streams`,
      found:
        `${chunks_per_second.toFixed(0)} chunks/s; its p99 of TTFT is off by ${
          p99_ttft_error_ms.toFixed(2)
        } ms; ` +
        `${cpu_us_per_chunk.toFixed(2)} µs CPU a chunk`,
      aim: "–",
      held: true,
    }));
    return { lines, contender: ofPeer(peer.name, figures) };
  } catch (error) {
    return { lines: [skipped(error instanceof Error ? error.message : String(error))], contender: null };
  }
}

function ratios(agent: Contender, others: readonly Contender[]): Line[] {
  const cheapest = others.reduce((best, one) => one.cpu_us_per_chunk < best.cpu_us_per_chunk ? one : best);
  const fastest = others.reduce((best, one) =>
    one.clean_chunks_per_second > best.clean_chunks_per_second ? one : best
  );
  return [
    atLeast(
      `CPU a chunk at ${
        PEER_LEVELS[0]
      } streams: ${cheapest.name}'s, the least of the others, over the agent's`,
      cheapest.cpu_us_per_chunk / agent.cpu_us_per_chunk,
      3,
      "×",
      `${cheapest.cpu_us_per_chunk.toFixed(1)} and ${agent.cpu_us_per_chunk.toFixed(1)} µs`,
    ),
    atLeast(
      `highest clean level: the agent's over ${fastest.name}'s, the most of the others`,
      fastest.clean_chunks_per_second === 0
        ? (agent.clean_chunks_per_second > 0 ? Infinity : 0)
        : agent.clean_chunks_per_second / fastest.clean_chunks_per_second,
      3,
      "×",
      `${agent.clean_chunks_per_second.toFixed(0)} and ${
        fastest.clean_chunks_per_second.toFixed(0)
      } chunks/s`,
    ),
  ];
}

/** Both clients at the levels that both kept: what fetch takes and errs over what the agent does. */
function beside(agent: Calibration, fetched: Calibration): Line[] {
  return agent.levels.flatMap((ours) => {
    const theirs = fetched.levels.find(({ streams }) => streams === ours.streams);
    if (theirs === undefined) return [];
    const over = (of: (level: CalibrationLevel) => number | null) => {
      const [least, most] = [of(ours), of(theirs)];
      return least === null || most === null || least === 0 ? "–" : `${(most / least).toFixed(1)} ×`;
    };
    return [{
      what: `fetch over agent, ${ours.streams} streams`,
      found: `CPU a chunk ${over((level) => level.cpu_us_per_chunk)}; ` +
        `p99 of the TTFT error ${over((level) => level.p99_ttft_error_ms)}, ` +
        `of the ITL error ${over((level) => level.p99_itl_error_ms)}`,
      aim: "–",
      held: true,
    }];
  });
}

function truth({ levels }: Calibration): Line {
  const upTo20k = levels.filter(({ streams }) => streams <= 416);
  const errors = upTo20k.flatMap((level) => [level.p99_ttft_error_ms, level.p99_itl_error_ms]);
  const worst = Math.max(...errors.map((error) => error ?? Infinity));
  const most = Math.max(...upTo20k.map(({ chunks_per_second }) => chunks_per_second));
  return atMost(
    "agent: worst p99 error up to 416 streams",
    worst,
    2,
    " ms",
    `${most.toFixed(0)} chunks/s came`,
  );
}

/** An engine whose times and counts are known gives no reason for a verdict. */
async function cleanRuns(): Promise<Line> {
  console.error(`${CLEAN_RUNS} clean runs`);
  const found = await benchmarksOf(Array.from({ length: CLEAN_RUNS }, () => ({})), 4);
  const codes = found.flatMap(({ verdicts }) => verdicts.map(({ code }) => code));
  return {
    what: `${found.length} clean runs of the agent`,
    found: codes.length === 0
      ? "no verdict"
      : `${codes.length} false verdicts: ${[...new Set(codes)].join(", ")}`,
    aim: "no verdict",
    held: found.length === CLEAN_RUNS && codes.length === 0,
  };
}

function wanted(names: readonly string[]): readonly Peer[] {
  const unknown = names.find((name) => name !== "none" && !PEERS.some((peer) => peer.packages[0] === name));
  if (unknown !== undefined) {
    throw new Error(
      `there is no ${unknown}; known: none, ${PEERS.map(({ packages }) => packages[0]).join(", ")}`,
    );
  }
  return names.length === 0 ? PEERS : PEERS.filter(({ packages }) => names.includes(packages[0] ?? ""));
}

const peers = wanted(Deno.args);
const kept = Deno.env.get("BENCH_VENVS");
const venvs = kept ?? await Deno.makeTempDir();
try {
  const agent = await calibrated("agent");
  const fetched = await calibrated("fetch");
  const others: Contender[] = [ofDeno(fetched)];
  const lines: Line[] = [agent, fetched].flatMap(({ client, levels }) =>
    levels.map((level) => levelLine(client, level))
  );
  for (const peer of peers) {
    const { lines: found, contender } = await peerLines(peer, venvs);
    lines.push(...found);
    if (contender !== null) others.push(contender);
  }
  lines.push(
    ...beside(agent, fetched),
    truth(agent),
    await cleanRuns(),
    ...ratios(ofDeno(agent), others),
    ...await realEngineLines(),
  );
  Deno.exitCode = report(lines);
} finally {
  if (kept === undefined) await Deno.remove(venvs, { recursive: true });
}
