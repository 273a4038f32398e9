// A matrix as people write it: JSON, in which comments and trailing commas do no harm.
import { parse, type ParseError, printParseErrorCode } from "jsonc-parser";
import { UserError } from "../errors.ts";

/** What stands in the file; a UserError says in which line it is broken. */
export async function readMatrixFile(path: string): Promise<unknown> {
  const text = await textOf(path);
  const errors: ParseError[] = [];
  const content: unknown = parse(text, errors, { allowTrailingComma: true });
  const [first] = errors;
  if (first === undefined) return content;
  throw new UserError(
    `Cannot read the matrix ${path}: it is not JSON: ${placeOf(text, first.offset)}: ${wordsOf(first)}`,
    "Mend the file; an editor shows where.",
    { exitCode: 2 },
  );
}

async function textOf(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (cause) {
    throw new UserError(`Cannot read the matrix ${path}`, "Name a JSON file, for example runs/local.json.", {
      cause,
      exitCode: 2,
    });
  }
}

function placeOf(text: string, offset: number): string {
  const before = text.slice(0, offset).split("\n");
  return `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`;
}

/** `CommaExpected` becomes `comma expected`. */
function wordsOf({ error }: ParseError): string {
  return printParseErrorCode(error).replace(/(?<=[a-z])(?=[A-Z])/g, " ").toLowerCase();
}
