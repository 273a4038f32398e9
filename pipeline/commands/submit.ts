// submit: one result without raw evidence is checked as the API checks it and kept for the next build.
import { UserError } from "../errors.ts";
import { readCatalog } from "../lib/catalog.ts";
import { readText } from "../lib/files.ts";
import type { Shell } from "../main.ts";
import { renderAnswer } from "../query/render.ts";
import { MOST_SUBMITTED_BYTES } from "../schema/limits.ts";
import { strictJson } from "../schema/strict_json.ts";
import { answeredBy, Submissions } from "../summaries/submit.ts";

const HINT = "Its form: data/export/schema/Submission.json. Only what was measured need be there.";

/** Adds the result in `file`, or refuses it with every fault. */
export async function submitCommand({ file }: { file: string }, { paths, print }: Shell): Promise<void> {
  const submissions = new Submissions(paths.submitted, await readCatalog(paths), {
    answered: answeredBy(paths.database),
  });
  const submitted = await submissions.accept(await readJson(file));
  if ("faults" in submitted) {
    throw new UserError(`Cannot take ${file}:\n  ${submitted.faults.join("\n  ")}`, HINT, { exitCode: 2 });
  }
  print(renderAnswer(submitted.answer));
  if (submitted.ignored.length > 0) print(`Of no use here: ${submitted.ignored.join(", ")}\n`);
  print(
    submitted.added
      ? "Added. `deno task build-data` takes it into the tables.\n"
      : "It was there already; nothing was added.\n",
  );
}

async function readJson(file: string): Promise<unknown> {
  const refuse = (found: string, cause?: unknown) =>
    new UserError(`Cannot read ${file}: ${found}`, HINT, { cause, exitCode: 2 });
  const found = await Deno.stat(file).catch((cause) => {
    throw refuse("it cannot be opened", cause);
  });
  if (!found.isFile) throw refuse("it is no plain file");
  if (found.size > MOST_SUBMITTED_BYTES) {
    throw refuse(`it has ${found.size} bytes, at most ${MOST_SUBMITTED_BYTES} are taken`);
  }
  const text = await readText(file).catch((cause) => {
    throw refuse(cause instanceof TypeError ? "it is not UTF-8" : "it cannot be opened", cause);
  });
  const read = strictJson(text);
  if ("reason" in read) throw refuse(read.reason);
  return read.value;
}
