// The files an agent leaves: never larger than evidence may be, in whole lines, of whole characters; and a full disk or a closed pipe ends nothing else.
import { deepEqual, equal, match, ok, throws } from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { AgentError } from "../pipeline/agent/config.ts";
import { Evidence } from "../pipeline/agent/evidence.ts";
import { startMock } from "../pipeline/calibrate/mock/process.ts";
import { ChunkLine } from "../pipeline/schema/chunk.ts";
import { EVIDENCE_FILES } from "../pipeline/schema/evidence_files.ts";
import { Metadata } from "../pipeline/schema/metadata.ts";
import { RequestLine } from "../pipeline/schema/request.ts";
import { RUN } from "./e2e/cli.ts";
import { fakeNvidiaSmi } from "./fakes/nvidia_smi.ts";

const request = (n: number, changes: Partial<RequestLine> = {}): RequestLine => ({
  t: 1,
  n,
  tok: 1,
  err: false,
  ...changes,
});
const chunks = (n: number): ChunkLine => ({
  n,
  level: 1,
  phase: "measure",
  first_ns: 0,
  gaps_us: Array(20).fill(20_000),
});

/** The files that `work` leaves, where each may have so many bytes. */
async function written(most_bytes: Record<string, number>, work: (evidence: Evidence) => void) {
  const out = await Deno.makeTempDir();
  try {
    using evidence = new Evidence(out, { chunks: true, model: "m:1b", api_key: null }, most_bytes);
    work(evidence);
    const read = (name: string) => Deno.readTextFileSync(join(out, name));
    const left_out = evidence.chunk_lines_left_out;
    return { results: read("results.jsonl"), chunks: read("chunks.jsonl"), log: read("agent.log"), left_out };
  } finally {
    await Deno.remove(out, { recursive: true });
  }
}

Deno.test("times of chunks are kept in whole lines up to the largest size, the rest is counted and said once", async () => {
  const found = await written({ "chunks.jsonl": 1000 }, (evidence) => {
    for (let n = 0; n < 50; n++) evidence.chunks(chunks(n));
    evidence.request(request(1));
  });
  const lines = found.chunks.trimEnd().split("\n");
  ok(found.chunks.length <= 1000 && found.chunks.endsWith("\n") && lines.length >= 3);
  deepEqual(lines.map((line) => ChunkLine.parse(JSON.parse(line)).n), lines.map((_, n) => n));
  equal(found.left_out, 50 - lines.length);
  equal(found.log.match(/chunks\.jsonl has reached its largest size/g)?.length, 1);
  equal(JSON.parse(found.results).n, 1);
});

Deno.test("a line that is longer than all that is left ends the file, though a shorter one would fit", async () => {
  const found = await written({ "chunks.jsonl": 200 }, (evidence) => {
    evidence.chunks({ ...chunks(0), gaps_us: [1] });
    evidence.chunks(chunks(1));
    evidence.chunks({ ...chunks(2), gaps_us: [1] });
  });
  deepEqual([found.chunks.trimEnd().split("\n").length, found.left_out], [1, 2]);
});

Deno.test("a log keeps below its size whatever an engine says, a line each, and says that it is full", async () => {
  const found = await written({ "agent.log": 2000 }, (evidence) => {
    for (let n = 0; n < 500; n++) {
      evidence.log(`request ${n} failed: two\nlines\u001b[31m, /home/ann/x and 😀`);
    }
  });
  ok(new TextEncoder().encode(found.log).length <= 2000);
  const lines = found.log.trimEnd().split("\n");
  ok(lines.every((line) => /^\d{4}-\d\d-\d\dT[\d:.]+Z {2}/.test(line)), found.log);
  match(lines[0] ?? "", /failed: two lines\[31m, ~\/x and 😀$/);
  match(lines.at(-1) ?? "", /agent\.log has reached its largest size/);
});

Deno.test("a run whose requests fill their file ends with the reason: none is measured without its line", async () => {
  await written({ "results.jsonl": 200 }, (evidence) => {
    evidence.request(request(1));
    throws(
      () => {
        for (let n = 2; n < 20; n++) evidence.request(request(n));
      },
      (error) =>
        error instanceof AgentError && /results\.jsonl has reached its largest size/.test(error.message),
    );
  });
});

Deno.test("the sizes are those of evidence", async () => {
  const found = await written({}, (evidence) => {
    for (const name of ["results.jsonl", "chunks.jsonl", "agent.log"] as const) {
      equal(evidence.mostBytes(name), EVIDENCE_FILES[name].most_bytes);
    }
    evidence.chunks(chunks(0));
  });
  equal(found.left_out, 0);
});

Deno.test("half a character never reaches a line, whoever said it", async () => {
  const { results } = await written(
    {},
    (evidence) => evidence.request(request(1, { error_msg: "half \ud83d of it \\ud83d", stop: "\udc00" })),
  );
  const line = RequestLine.parse(JSON.parse(results));
  deepEqual([line.error_msg, line.stop], ["half \ufffd of it \\ud83d", "\ufffd"]);
  ok(!/(?<!\\)\\ud/i.test(results));
});

const agentFile = fileURLToPath(new URL("../pipeline/agent/main.ts", import.meta.url));

/** The agent as a program of its own against the mock server, with `env`; its folder is made ready by `prepare`. */
async function agentRun(
  env: Record<string, string>,
  { prepare = (_: string): void => {}, readsProgress = true } = {},
) {
  const out = await Deno.makeTempDir();
  await using mock = await startMock();
  prepare(out);
  const child = new Deno.Command(Deno.execPath(), {
    args: [...RUN, "--quiet", agentFile],
    env: {
      ENGINE: "openai",
      URL: mock.url,
      MODEL: "mock:ttft=2,gap=2,n=4",
      DURATION: "2.5",
      OUT: out,
      ...env,
    },
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  if (!readsProgress) await child.stdout.cancel();
  const [stderr, { code }] = await Promise.all([new Response(child.stderr).text(), child.status]);
  if (readsProgress) await child.stdout.cancel();
  const metadata = Metadata.parse(JSON.parse(await Deno.readTextFile(join(out, "metadata.json"))));
  const log = await Deno.readTextFile(join(out, "agent.log"));
  const lines = metadata.summary?.total_requests ?? 0;
  await Deno.remove(out, { recursive: true });
  return { code, stderr, metadata, log, lines };
}

Deno.test("nobody who reads the progress any more is no reason to stop measuring", async () => {
  const { code, stderr, metadata, lines } = await agentRun({ PROGRESS: "json" }, { readsProgress: false });
  deepEqual([code, stderr], [0, ""]);
  ok(metadata.completed_at !== null && lines > 10);
});

Deno.test({
  name: "a disk that has no room for the GPU's samples is said, and the measurement goes on to its end",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const folder = await fakeNvidiaSmi({ cards: [{}] });
    const prepare = (out: string) => Deno.symlinkSync("/dev/full", join(out, "gpu.csv"));
    const { code, stderr, metadata, log } = await agentRun({ PATH: `${folder}:/usr/bin:/bin` }, { prepare });
    equal(code, 0, stderr);
    ok(metadata.completed_at !== null);
    match(log, /no samples are kept any more: .*space/i);
    await Deno.remove(folder, { recursive: true });
  },
});

Deno.test({
  name: "a disk that has no room for requests ends the run with that reason, and its metadata is whole",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const prepare = (out: string) => Deno.symlinkSync("/dev/full", join(out, "results.jsonl"));
    const { code, stderr, metadata, log } = await agentRun({}, { prepare });
    equal(code, 1);
    match(stderr, /space/i);
    equal(metadata.completed_at, null);
    match(log, /gave up: .*space/i);
  },
});
