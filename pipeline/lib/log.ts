// Talk for people: one line an event on stderr. stdout is for data.

/** Where stages and providers say what happens. */
export interface Log {
  info(text: string): void;
  warn(text: string): void;
}

const CONTROL = /(?![\t\n])\p{Cc}/gu;

/** A log that writes `HH:MM:SS  text` lines through `write` (default: stderr). Control characters of foreign text are shown as `?`. */
export function createLog(
  write: (line: string) => void = toStderr,
  clock: () => Date = () => new Date(),
): Log {
  const say = (text: string) =>
    write(`${clock().toISOString().slice(11, 19)}  ${text.replace(CONTROL, "?")}\n`);
  return { info: say, warn: (text) => say(`warning: ${text}`) };
}

/** The same log, which also appends every line to the file at `path`. */
export function teeLog(log: Log, path: string): Log & Disposable {
  const file = Deno.openSync(path, { append: true, create: true });
  const kept = createLog((line) => file.writeSync(new TextEncoder().encode(line)));
  return {
    info: (text) => (log.info(text), kept.info(text)),
    warn: (text) => (log.warn(text), kept.warn(text)),
    [Symbol.dispose]: () => file.close(),
  };
}

function toStderr(line: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(line));
}
