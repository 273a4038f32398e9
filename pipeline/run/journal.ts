// journal.jsonl of a run: every change is appended and flushed before the act it announces; the state is its fold.
import { join } from "node:path";
import { UserError } from "../errors.ts";
import { foldJournal } from "../schema/fold.ts";
import { JournalLine, type ManifestRow } from "../schema/manifest.ts";

type Timeless<T> = T extends unknown ? Omit<T, "at"> : never;

export class Journal implements Disposable {
  readonly #file: Deno.FsFile;
  readonly #lines: JournalLine[];

  private constructor(file: Deno.FsFile, lines: JournalLine[]) {
    this.#file = file;
    this.#lines = lines;
  }

  /** Opens the journal of `runDir` for appending, with what it already says. */
  static async open(runDir: string): Promise<Journal> {
    await Deno.mkdir(runDir, { recursive: true });
    const path = join(runDir, "journal.jsonl");
    const file = await Deno.open(path, { read: true, append: true, create: true });
    const lines = await readJournal(runDir);
    await cutUnfinishedLine(path, file);
    return new Journal(file, lines);
  }

  get lines(): readonly JournalLine[] {
    return this.#lines;
  }

  /** Appends one line and waits until the disk has it. */
  append(line: Timeless<JournalLine>): void {
    const whole = JournalLine.parse({ ...line, at: new Date().toISOString() });
    this.#file.writeSync(new TextEncoder().encode(`${JSON.stringify(whole)}\n`));
    this.#file.syncDataSync();
    this.#lines.push(whole);
  }

  /** The manifest as the journal gives it now. */
  rows(): ManifestRow[] {
    return foldJournal(this.#lines);
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}

/** What follows the last line break was cut short by a crash; the next line must start clean. */
async function cutUnfinishedLine(path: string, file: Deno.FsFile): Promise<void> {
  const bytes = await Deno.readFile(path);
  const end = bytes.lastIndexOf(0x0a) + 1;
  if (end < bytes.length) await file.truncate(end);
}

/** The lines of a run's journal, oldest first. A last line that is not complete, because it is being written or a crash cut it short, is left out; any other fault is refused. */
export async function readJournal(runDir: string): Promise<JournalLine[]> {
  const path = join(runDir, "journal.jsonl");
  const texts = (await Deno.readTextFile(path)).split("\n").slice(0, -1);
  return texts.map((text, index) => parseLine(text, `${path}:${index + 1}`));
}

function parseLine(text: string, where: string): JournalLine {
  try {
    return JournalLine.parse(JSON.parse(text));
  } catch (cause) {
    throw new UserError(
      `Cannot read the journal: ${where} is not a journal line`,
      "Restore the file or start a new run.",
      { cause },
    );
  }
}
