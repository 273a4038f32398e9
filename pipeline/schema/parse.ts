// The one door for outside data: validates and, when it refuses, says every fault with its path in one sentence each.
import { z } from "zod";
import { UserError } from "../errors.ts";

/** Parses `input` with `schema`; a UserError names `what` and every fault. */
export function parseOrRefuse<S extends z.ZodType>(
  schema: S,
  input: unknown,
  what: string,
  hint: string,
): z.output<S> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  throw new UserError(`Cannot read ${what}: ${faults(result.error).join("; ")}`, hint, { exitCode: 2 });
}

/** One short sentence a fault, each beginning with its path. */
export function faults(error: z.ZodError): string[] {
  return error.issues.map((issue) => {
    const path = issue.path.map(String).join(".");
    return path === "" ? issue.message : `${path}: ${issue.message}`;
  });
}
