// A job on a machine reached over SSH: it belongs to nobody's connection, writes its output to files, and leaves its exit code.
import { Buffer } from "node:buffer";
import { LineSplitter } from "../lib/line_splitter.ts";
import { Failure } from "../schema/failures.ts";
import { shortText } from "../schema/text.ts";
import type { ExecOptions } from "./connection.ts";
import { LINE_CHARACTERS, TALK_BYTES } from "./limits.ts";
import type { Job, JobOrder, JobView } from "./machine.ts";
import { commandLine, exports, quote } from "./quote.ts";

/** Runs a shell script on the machine and returns what it printed, with ssh's own words or without. */
export type RunScript = (
  script: string,
  options?: Pick<ExecOptions, "signal" | "seconds" | "bytes"> & { readonly input?: string },
) => Promise<{ code: number; stdout: Uint8Array; words: readonly string[] }>;

/** Of its output a look brings so much at most; of its last words, so much. */
const OUT_BYTES = 1 << 20;
const ERR_BYTES = 1 << 16;
const ERR_LINES = 20;
const LOOK_SECONDS = 30;
const GRACE_SECONDS = 10;

/** Whether a process lives. One that nobody waits for stays as a zombie in containers without an init. */
const ALIVE = `alive() { kill -0 "$1" 2>/dev/null && ! grep -q ') Z' "/proc/$1/stat" 2>/dev/null; }`;

/** Starts the job in `folder`/<name>, or finds it there. Its variables go through a file that only its user may read, and that is gone when it runs. */
export async function launchRemote(
  order: JobOrder,
  folder: string,
  run: RunScript,
  signal: AbortSignal,
): Promise<Job> {
  const home = `${folder}/${order.name}`;
  const wrapped = `trap : TERM; . ./env; rm -f env; ${
    commandLine(order.command)
  } >out 2>err </dev/null; echo $? >exit.tmp; mv exit.tmp exit`;
  const script = `umask 077; mkdir -p ${quote(home)} && cd ${quote(home)} || exit 1
${ALIVE}
[ -e exit ] && ${order.ended === "keep" ? "exit 0" : "rm -f exit pid"}
[ -s pid ] && alive "$(cat pid)" && exit 0
cat >env && : >out && : >err || exit 1
setsid sh -c ${quote(wrapped)} </dev/null >/dev/null 2>&1 &
echo $! >pid`;
  const { code, words } = await run(script, { input: exports(order.env), signal });
  if (code !== 0) {
    throw new Failure(
      "agent_not_there",
      `Cannot start ${order.name} on the machine: ${words.join(" ") || `exit code ${code}`}`,
    );
  }
  return new RemoteJob(home, run, signal);
}

class RemoteJob implements Job {
  #read = 0;
  readonly #decoder = new TextDecoder();
  readonly #lines = new LineSplitter();

  constructor(readonly home: string, readonly run: RunScript, readonly signal: AbortSignal) {}

  async poll(): Promise<JobView> {
    const mark = crypto.randomUUID();
    const { stdout } = await this.run(
      `cd ${quote(this.home)} 2>/dev/null || { echo lost; exit 0; }
${ALIVE}
state() { if [ -e exit ]; then echo "exit $(cat exit)"; elif alive "$(cat pid)"; then echo running; else return 1; fi; }
state || state || echo died
tail -n ${ERR_LINES} err | tail -c ${ERR_BYTES}; echo; echo ${mark}; tail -c +${
        this.#read + 1
      } out | head -c ${OUT_BYTES}`,
      { signal: this.signal, seconds: LOOK_SECONDS, bytes: OUT_BYTES + ERR_BYTES + TALK_BYTES },
    );
    const { head, body } = parted(stdout, `\n${mark}\n`);
    if (body === null && head.trim() !== "lost") {
      throw new Failure("connection_lost", `Cannot see how the job in ${this.home} is: half an answer came`);
    }
    const [status = "", ...err] = head.split("\n");
    this.#read += body?.length ?? 0;
    const out = body === null ? [] : this.#lines.push(this.#decoder.decode(body, { stream: true }));
    const ended = /^exit (\d+)$/.exec(status)?.[1];
    return {
      running: status === "running",
      code: ended === undefined ? null : Number(ended),
      out,
      err: err.filter((line) => line !== "").map((line) => shortText(line, LINE_CHARACTERS)),
    };
  }

  async stop(): Promise<void> {
    await this.run(`cd ${quote(this.home)} 2>/dev/null || exit 0
${ALIVE}
pid=$(cat pid); kill -TERM "-$pid" 2>/dev/null
n=0; while [ ! -e exit ] && alive "$pid" && [ $n -lt ${GRACE_SECONDS * 5} ]; do sleep 0.2; n=$((n + 1)); done
kill -KILL "-$pid" 2>/dev/null; [ -e exit ] || echo 137 >exit`);
  }
}

/** What stands before a mark, as text, and the bytes behind it; null when the mark is not there. */
function parted(bytes: Uint8Array, mark: string): { head: string; body: Uint8Array | null } {
  const at = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf(mark);
  const head = new TextDecoder().decode(at < 0 ? bytes : bytes.subarray(0, at));
  return { head, body: at < 0 ? null : bytes.subarray(at + mark.length) };
}
