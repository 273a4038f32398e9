// PURE. What a schema takes of a value: what machines and engines tell of themselves may be anything.
import type { z } from "zod";
import { check } from "./parse.ts";

/** A value that its schema takes, and one sentence for each fault that was left out for it. */
export interface Fitted<T> {
  readonly value: T;
  readonly left_out: readonly string[];
}

/**
 * A copy of `value` in which null stands for what `schema` refuses: for the figure or the text alone where that may be null, else for
 * what holds it. Where even that is refused it is `value` itself.
 */
export function fitted<T>(schema: z.ZodType<T>, value: T): Fitted<T> {
  const checked = check(schema, value);
  if ("value" in checked) return { value, left_out: [] };
  const copy = structuredClone(value);
  while (true) {
    const result = schema.safeParse(copy);
    if (result.success) return { value: copy, left_out: checked.faults };
    if (!result.error.issues.some(({ path }) => forget(copy, path))) {
      return { value, left_out: checked.faults };
    }
  }
}

/** Makes null what lies at `path`, or what holds it where that is null already. Whether anything was left to forget. */
function forget(value: unknown, path: readonly PropertyKey[]): boolean {
  const last = path.at(-1);
  if (last === undefined) return false;
  const above = path.slice(0, -1);
  const holder = above.reduce<unknown>(inside, value);
  if ((inside(holder, last) ?? null) === null) return forget(value, above);
  return Reflect.set(Object(holder), last, null);
}

function inside(value: unknown, key: PropertyKey): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
}
