// Talk for people: one line an event on stderr. stdout is for data.
import { clean } from "./terminal.ts";

/** Where stages and providers say what happens. */
export interface Log {
  info(text: string): void;
  warn(text: string): void;
}

const LONGEST = 4000;
/** Further lines of a text stand below its first: none can look like an event of its own. */
const INDENT = `\n${" ".repeat(10)}`;

/** A log that writes `HH:MM:SS  text` lines through `write` (default: stderr). Foreign text is shown without what a terminal would obey. It never throws: what cannot be said stops no work. */
export function createLog(
  write: (line: string) => void = toStderr,
  clock: () => Date = () => new Date(),
): Log {
  const say = (text: string) => {
    const shown = text.length > LONGEST ? `${text.slice(0, LONGEST)} …` : text;
    try {
      write(`${clock().toISOString().slice(11, 19)}  ${clean(shown).replaceAll("\n", INDENT)}\n`);
    } catch {
      // A full disk, a closed terminal.
    }
  };
  return { info: say, warn: (text) => say(`warning: ${text}`) };
}

/** The same log, which says nothing twice. */
export function withoutRepeats(log: Log): Log {
  const said = new Set<string>();
  const once = (say: (text: string) => void) => (text: string) => {
    if (said.has(text)) return;
    said.add(text);
    say(text);
  };
  return { info: once(log.info), warn: once(log.warn) };
}

/** The same log, which also appends every line to the file at `path`. */
export function teeLog(log: Log, path: string): Log & Disposable {
  const file = Deno.openSync(path, { append: true, create: true });
  const kept = createLog((line) => writeWhole(file, line));
  return {
    info: (text) => (log.info(text), kept.info(text)),
    warn: (text) => (log.warn(text), kept.warn(text)),
    [Symbol.dispose]: () => file.close(),
  };
}

function toStderr(line: string): void {
  writeWhole(Deno.stderr, line);
}

/** Writes all of a text, however little is taken at a time. */
export function writeWhole(target: { writeSync(bytes: Uint8Array): number }, text: string): void {
  for (let rest = new TextEncoder().encode(text); rest.length > 0;) {
    rest = rest.subarray(target.writeSync(rest));
  }
}
