// The one door for outside data: validates and, when it refuses, says of every fault where it is, what was found and what is known.
import { z } from "zod";
import { UserError } from "../errors.ts";
import { nearest } from "./nearest.ts";
import { shortText } from "./text.ts";

type Issue = z.core.$ZodIssue;
type RawIssue = z.core.$ZodRawIssue;

/** What a schema made of an input: its value, or one sentence for each fault. */
export type Checked<T> = { readonly value: T } | { readonly faults: string[] };

/** Checks `input` with `schema`. */
export function check<S extends z.ZodType>(schema: S, input: unknown): Checked<z.output<S>> {
  const result = schema.safeParse(input, { error: inWords });
  return result.success
    ? { value: result.data }
    : { faults: result.error.issues.flatMap((issue) => faultsOf(issue)).map(sentence) };
}

/** Parses `input` with `schema`; a UserError names `what` and every fault. */
export function parseOrRefuse<S extends z.ZodType>(
  schema: S,
  input: unknown,
  what: string,
  hint: string,
): z.output<S> {
  const checked = check(schema, input);
  if ("value" in checked) return checked.value;
  throw new UserError(`Cannot read ${what}: ${checked.faults.join("; ")}`, hint, { exitCode: 2 });
}

interface Fault {
  readonly path: readonly PropertyKey[];
  readonly text: string;
}

/** The faults of one issue below `above`; of a union those of the branch that the input was meant for. */
function faultsOf(issue: Issue, above: readonly PropertyKey[] = []): Fault[] {
  const path = [...above, ...issue.path];
  if (issue.code !== "invalid_union" || issue.errors.length === 0) return [{ path, text: issue.message }];
  return meantBranch(issue.errors).flatMap((inner) => faultsOf(inner, path));
}

/** The branch that takes this kind of value: the one whose first fault lies deeper or in its keys; else the first. */
function meantBranch(branches: readonly Issue[][]): Issue[] {
  const rightKind = ([first]: Issue[]) =>
    first !== undefined && (first.path.length > 0 || first.code === "unrecognized_keys");
  return branches.find(rightKind) ?? branches[0] ?? [];
}

/** `tests[0].engines[1]: ` and the sentence. */
function sentence({ path, text }: Fault): string {
  const where = path.map((key) => typeof key === "number" ? `[${key}]` : `.${String(key)}`).join("");
  return where === "" ? text : `${where.replace(/^\./, "")}: ${text}`;
}

function inWords(issue: RawIssue): string | undefined {
  const found = foundText(issue.input);
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((key) => unknownText("key", key, keysOf(issue))).join("; ");
    case "invalid_value":
      return issue.input === undefined
        ? "it is missing"
        : unknownText("value", issue.input, issue.values.map(String));
    case "invalid_union":
      return issue.discriminator === undefined ? undefined : unknownKind(issue);
    case "invalid_type":
      return issue.input === undefined
        ? "it is missing"
        : `it is ${found}, it must be ${kindText(issue.expected)}`;
    case "too_small":
      if (issue.origin === "array" || issue.origin === "string") {
        return issue.minimum === 1
          ? "it is empty"
          : `it is ${found}, it must have at least ${issue.minimum} parts`;
      }
      return `it is ${found}, it must be ${issue.inclusive === true ? "at least" : "above"} ${issue.minimum}`;
    case "too_big":
      if (issue.origin === "array" || issue.origin === "string") {
        return `it is ${found}, it must not be longer than ${issue.maximum}`;
      }
      return `it is ${found}, it must be ${issue.inclusive === true ? "at most" : "below"} ${issue.maximum}`;
    case "invalid_format":
      return `it is ${found}, it must be ${
        issue.format === "url" ? "a URL such as http://127.0.0.1:8000" : `a valid ${issue.format}`
      }`;
    default:
      return undefined;
  }
}

function unknownText(what: string, name: unknown, known: readonly string[]): string {
  const text = `unknown ${what} ${foundText(name)}`;
  return known.length === 0
    ? text
    : `${text}, known: ${nearest(String(name), known, known.length).join(", ")}`;
}

/** Of an object that lacks what says of which kind it is, or has another there. */
function unknownKind(
  issue: RawIssue & { readonly discriminator?: unknown; readonly options?: unknown },
): string {
  const { input, discriminator, options } = issue;
  const kind = Object.entries(input as object).find(([key]) => key === discriminator)?.[1];
  if (kind === undefined) return "it is missing";
  return unknownText("value", kind, Array.isArray(options) ? options.map(String) : []);
}

/** The keys of the strict object that refused one. */
function keysOf(issue: RawIssue): string[] {
  return issue.inst instanceof z.ZodObject ? Object.keys(issue.inst.shape) : [];
}

const KINDS: Readonly<Record<string, string>> = {
  array: "a list",
  boolean: "true or false",
  int: "a whole number",
  number: "a number",
  object: "an object",
  string: "a text",
};

function kindText(expected: string): string {
  return KINDS[expected] ?? expected;
}

/** The value as JSON, shortened. */
function foundText(value: unknown): string {
  const text = typeof value === "number" ? String(value) : JSON.stringify(value) ?? String(value);
  return shortText(text, 60);
}
