// The simulated RunPod and Lambda against the documents that their makers publish, where this computer has them: the documents are
// not ours to ship.
import { deepEqual, ok } from "node:assert/strict";
import { z } from "zod";
import { answersOf } from "./answers.ts";

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: object; readonly responses?: Readonly<Record<string, Response>> };
}
interface Operation {
  readonly responses: Readonly<Record<string, Response>>;
}
interface Response {
  readonly $ref?: string;
  readonly content?: Readonly<Record<string, { readonly schema: object }>>;
}

const DOCUMENTS = {
  runpod: { variable: "RUNPOD_OPENAPI", prefix: "/v2" },
  lambda: { variable: "LAMBDA_OPENAPI", prefix: "/api/v1" },
} as const;

/** What the document says of an answer: its schema, or null where it has no body; undefined where it says nothing. */
function schemaOf(document: Document, path: string, method: string, status: number) {
  const responses = document.paths[path]?.[method.toLowerCase()]?.responses;
  const told = responses?.[String(status)] ?? responses?.default;
  if (told === undefined) return undefined;
  const name = told.$ref?.split("/").at(-1);
  const response = name === undefined ? told : document.components.responses?.[name];
  const [media] = Object.values(response?.content ?? {});
  return media?.schema ?? null;
}

function typeOf(schema: object, document: Document): z.ZodType {
  const own = (part: object) =>
    JSON.parse(JSON.stringify(part).replaceAll("#/components/schemas/", "#/$defs/"));
  return z.fromJSONSchema({ ...own(schema), $defs: own(document.components.schemas) });
}

for (const [name, { variable, prefix }] of Object.entries(DOCUMENTS)) {
  const file = Deno.env.get(variable);
  Deno.test({
    name: `every answer of the simulated ${name} is as its OpenAPI document says${
      file === undefined ? ` (skipped: ${variable} names no document)` : ""
    }`,
    ignore: file === undefined,
    async fn() {
      const document: Document = JSON.parse(await Deno.readTextFile(file ?? ""));
      const faults: string[] = [];
      const answers = await answersOf(name as keyof typeof DOCUMENTS);
      for (const { route, status, json } of answers) {
        const [method = "", path = ""] = route.split(" ");
        const schema = schemaOf(document, `${prefix}${path}`, method, status);
        const at = `${route} ${status}`;
        if (schema === undefined) faults.push(`${at}: the document knows of no such answer`);
        else if (schema === null) json === undefined || faults.push(`${at}: it has a body`);
        else {
          const reading = typeOf(schema, document).safeParse(json);
          if (!reading.success) faults.push(`${at}: ${z.prettifyError(reading.error)}`);
        }
      }
      ok(answers.length > 10);
      deepEqual(faults, []);
    },
  });
}
