// The OpenAPI document: made from the schemas, whole in itself, and true of the server.
import { deepEqual, equal, ok } from "node:assert/strict";
import { join } from "node:path";
import { BenchmarkAnswer } from "../pipeline/schema/api.ts";
import { BenchmarkResult } from "../pipeline/schema/benchmark.ts";
import { type Endpoint, ENDPOINTS } from "../pipeline/schema/endpoints.ts";
import { EXAMPLE } from "../pipeline/schema/example.ts";
import { OPENAPI_PATH, openApiDocument } from "../pipeline/schema/openapi.ts";
import { Submission } from "../pipeline/schema/summary.ts";
import { live, MODEL, RUN } from "./live.ts";

interface Operation {
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required: boolean;
    readonly description?: string;
    readonly example?: unknown;
  }[];
  readonly requestBody?: { content: { "application/json": { example?: unknown } } };
  readonly responses: Record<string, { content?: { "application/json": { example?: unknown } } }>;
}
type Document = {
  readonly openapi: string;
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { readonly schemas: Record<string, unknown> };
};
const document = openApiDocument() as Document;

Deno.test("every reference in the document leads to a schema in it", () => {
  equal(document.openapi, "3.1.0");
  const refs = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, ref]) => ref ?? "");
  ok(refs.length > 20);
  const known = Object.keys(document.components.schemas).map((name) => `#/components/schemas/${name}`);
  deepEqual(refs.filter((ref) => !known.includes(ref)), []);
  ok(Object.values(document.components.schemas).every((schema) => Object.keys(schema as object).length > 1));
});

Deno.test("every endpoint has its parameters, described, and those it needs marked", () => {
  for (const { path, query } of Object.values<Endpoint>(ENDPOINTS)) {
    const { parameters = [] } = document.paths[path]?.get ?? {};
    deepEqual(parameters.map(({ name }) => name), Object.keys(query.shape), path);
    for (const { name, required, description } of parameters) {
      equal(required, !query.shape[name]?.safeParse(undefined).success, `${path} ${name}`);
      ok((description ?? "").length > 5, `${path} ${name}`);
    }
  }
});

Deno.test("examples are what the schemas take", () => {
  BenchmarkAnswer.parse(EXAMPLE);
  BenchmarkResult.parse(EXAMPLE.benchmark);
  const { requestBody } = document.paths[ENDPOINTS.list.path]?.post ?? {};
  Submission.parse(requestBody?.content["application/json"].example);
  for (const { path, answer, query } of Object.values<Endpoint>(ENDPOINTS)) {
    const operation = document.paths[path]?.get;
    const { example } = operation?.responses[200]?.content?.["application/json"] ?? {};
    if (example !== undefined) answer.parse(example);
    const given = (operation?.parameters ?? []).filter(({ required }) => required);
    query.parse(Object.fromEntries(given.map(({ name, example }) => [name, String(example)])));
  }
});

Deno.test("the document that a build exports is the one that the server gives, and it answers what it says", async () => {
  await using running = await live();
  const { ask, paths } = running;
  const given = await (await ask(OPENAPI_PATH)).text();
  equal(await Deno.readTextFile(join(paths.exported, "schema", "openapi.json")), given);
  const list = ENDPOINTS.list.answer.parse(await (await ask(ENDPOINTS.list.path)).json());
  const id = list.benchmarks[0]?.id ?? "";
  for (const path of Object.keys(document.paths)) {
    const { status } = await ask(
      `${path.replace("{id}", path === ENDPOINTS.run.path ? RUN : id)}${
        /benchmarks\/[a-z]|slo/.test(path) ? `?model=${MODEL}` : ""
      }`,
    );
    equal(status, 200, path);
  }
});
