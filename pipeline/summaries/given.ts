// PURE. A submission as it is sent: what the almanac answers may be sent back, and keys of other tools do no harm.
import { BenchmarkResult, VERDICTS } from "../schema/benchmark.ts";
import { isMisspelt } from "../schema/nearest.ts";
import { objectOf } from "../schema/structure.ts";
import { Submission } from "../schema/summary.ts";
import type { z } from "zod";

/** What is left to be checked. */
export interface Given {
  readonly body: unknown;
  /** Id that the almanac which answered it gave it; null without one. */
  readonly id: string | null;
  /** Keys that are of no use here, by their path. */
  readonly ignored: readonly string[];
  /** Why it cannot be taken, whatever its figures are. */
  readonly faults: readonly string[];
}

/** Takes keys out that the schema does not know, unless they look like one that it knows: those are left for the check to name. */
export function readGiven(sent: unknown): Given {
  const told = isObject(sent) && isObject(sent.benchmark) && !("hardware" in sent) ? sent.benchmark : sent;
  const ignored: string[] = [];
  return {
    body: withCount(known(told, Submission, BenchmarkResult, ignored)),
    id: isObject(told) && typeof told.id === "string" ? told.id : null,
    ignored,
    faults: isObject(told) ? faultsOf(told) : [],
  };
}

type Fields = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** `value` without keys that are neither of `schema` nor near one; those of `own` are made anew and need no word. */
function known(
  value: unknown,
  schema: z.ZodObject,
  own: z.ZodObject | undefined,
  ignored: string[],
  path = "",
): unknown {
  if (!isObject(value)) return value;
  const names = Object.keys(schema.shape);
  const taken = Object.entries(value).flatMap(([key, inner]) => {
    const field = objectOf(schema.shape[key]);
    if (field !== undefined) {
      return [[key, known(inner, field, objectOf(own?.shape[key]), ignored, `${path}${key}.`)]];
    }
    if (names.includes(key)) return [[key, inner]];
    if (own !== undefined && Object.hasOwn(own.shape, key)) return [];
    if (isMisspelt(key, names)) return [[key, inner]];
    ignored.push(`${path}${key}`);
    return [];
  });
  return Object.fromEntries(taken);
}

const COUNT = /^\s*(\d+(?:\.\d+)?)\s*([KMBT]?)\s*$/i;
const TIMES: Readonly<Record<string, number>> = { "": 1, K: 1e3, M: 1e6, B: 1e9, T: 1e12 };

/** With a parameter count such as `7.6B` as a number. */
function withCount(body: unknown): unknown {
  if (!isObject(body) || !isObject(body.model) || typeof body.model.parameter_count !== "string") return body;
  const [, digits, unit = ""] = COUNT.exec(body.model.parameter_count) ?? [];
  if (digits === undefined) return body;
  const parameter_count = Math.round(Number(digits) * (TIMES[unit.toUpperCase()] ?? 1));
  return { ...body, model: { ...body.model, parameter_count } };
}

/** What keeps an answer of an almanac out of rankings must keep it out when it is sent to another. */
function faultsOf({ origin, verdicts, test_config }: Fields): string[] {
  const fatal = Array.isArray(verdicts)
    ? verdicts.filter((verdict) =>
      isObject(verdict) && verdict.severity === "fatal" && String(verdict.code) in VERDICTS
    )
    : [];
  const arrival = isObject(test_config) ? test_config.arrival ?? "closed" : "closed";
  return [
    ...(origin === "simulated" || origin === "imported"
      ? [`origin: it is ${JSON.stringify(origin)}, which is never ranked and cannot be submitted`]
      : []),
    ...fatal.map(({ code }) => `verdicts: ${code} is fatal, the figures do not mean what they say`),
    ...(arrival === "closed"
      ? []
      : [`test_config.arrival: it is ${JSON.stringify(arrival)}, only closed loops can be submitted`]),
  ];
}

/** Whether what is sent says nothing but what the almanac answers: all that both tell is equal. What was not measured may be null, 0 or empty. */
export function saysTheSame(sent: unknown, answered: unknown): boolean {
  if (Array.isArray(answered)) return isBlank(sent) || JSON.stringify(sent) === JSON.stringify(answered);
  if (isObject(answered)) {
    return isBlank(sent) || isObject(sent) &&
        Object.entries(sent).every(([key, inner]) => !(key in answered) || saysTheSame(inner, answered[key]));
  }
  return answered === null ? isBlank(sent) : isUntold(sent) || sent === answered;
}

function isUntold(value: unknown): boolean {
  return value === null || value === undefined;
}

function isBlank(value: unknown): boolean {
  return isUntold(value) || value === 0 || value === "" || Array.isArray(value) && value.length === 0;
}
