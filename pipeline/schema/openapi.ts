// The API's description as an OpenAPI 3.1 document, made from the same schemas that check questions and shape answers. Pure.
import { z } from "zod";
import { ApiError, Health, Taken } from "./api.ts";
import { API_BASE, type Endpoint, type EndpointName, ENDPOINTS } from "./endpoints.ts";
import { EXAMPLE, SUBMISSION_EXAMPLE } from "./example.ts";
import { Submission } from "./summary.ts";

export const OPENAPI_PATH = `${API_BASE}/openapi.json`;

const { benchmark } = EXAMPLE;
const EXAMPLES: Partial<Record<EndpointName, unknown>> = {
  list: { benchmarks: [benchmark], count: 1 },
  best: EXAMPLE,
  cheapest: EXAMPLE,
  compare: { baseline: benchmark, comparisons: [] },
  recommendations: {
    model: benchmark.model.name,
    recommendations: [{
      model: benchmark.model.name,
      min_vram_gib: 7,
      recommended_gpus: [benchmark.hardware.gpu_name],
      gpu: benchmark.hardware.gpu,
      gpu_count: 1,
      provider: benchmark.provider,
      expected_tps: 195.3,
      interruptible: false,
      estimated_cost_per_hour: 0.16,
      tokens_per_dollar: 4_394_250,
      benchmarks: 1,
      notes: "Average of 1 benchmark. $0.228 per million tokens.",
    }],
    count: 1,
  },
  get: { ...EXAMPLE, definitions: [] },
};

/** The whole document. Its server is the one that gives it. */
export function openApiDocument(): object {
  const components = new Components();
  const paths: Record<string, object> = {};
  for (const name of Object.keys(ENDPOINTS) as EndpointName[]) {
    const endpoint: Endpoint = ENDPOINTS[name];
    paths[endpoint.path] = {
      get: getOperation(name, endpoint, components),
      ...(name === "list" ? { post: submitOperation(components) } : {}),
    };
  }
  paths["/healthz"] = {
    get: {
      operationId: "health",
      tags: ["Server"],
      summary: "Whether the server answers, and with which data",
      responses: { 200: reply("It does.", components.refer(Health)) },
    },
  };
  return {
    openapi: "3.1.0",
    info: {
      title: "GPU Almanac",
      version: "1",
      summary: "Measured LLM inference on GPUs, and what a dollar buys.",
      license: { name: "CC BY 4.0 (data)", url: "https://creativecommons.org/licenses/by/4.0/" },
    },
    servers: [{ url: "/" }],
    paths,
    components: {
      schemas: components.schemas,
      securitySchemes: { token: { type: "http", scheme: "bearer" } },
    },
  };
}

function getOperation(name: EndpointName, { asks, query, answer, path }: Endpoint, components: Components) {
  return {
    operationId: name,
    tags: ["Benchmarks"],
    summary: asks,
    parameters: parametersOf(query, path),
    responses: {
      200: reply("The answer.", components.refer(answer), EXAMPLES[name]),
      304: { description: "What the client has still holds." },
      400: error("The question cannot be read; every fault is named.", components),
      404: error("There is no answer; the nearest known names are named.", components),
      503: error("Too much is asked at once; the header Retry-After says when to ask again.", components),
    },
  };
}

function submitOperation(components: Components) {
  const submission = components.refer(Submission, open);
  const taken = components.refer(Taken);
  return {
    operationId: "submit",
    tags: ["Benchmarks"],
    summary: "Add a benchmark",
    description:
      "Takes what GET answers, too: keys that the almanac makes itself are made anew, others that it " +
      "does not know are named in `ignored`, and one that looks like a known key is refused. A number of " +
      "parameters may be written as 7.6B.",
    security: [{ token: [] }],
    requestBody: {
      required: true,
      content: { "application/json": { schema: submission, example: SUBMISSION_EXAMPLE } },
    },
    responses: {
      200: reply("It was there before.", taken),
      201: {
        ...reply("It was taken in.", taken, { ...EXAMPLE, ignored: [] }),
        headers: { Location: textHeader("Its address.") },
      },
      400: error("It cannot be taken in; every fault is named.", components),
      401: error("The token is missing or wrong.", components),
      403: error("Submissions are off.", components),
      413: error("It is too long.", components),
      415: error("It is not sent as application/json.", components),
      429: {
        ...error("Too many at once.", components),
        headers: { "Retry-After": textHeader("Seconds to wait.") },
      },
    },
  };
}

/** One OpenAPI parameter for each field of `query`; those in the braces of `path` lie in the path. Only what is required has an example of its own: forms are filled with it. */
function parametersOf(query: z.ZodObject, path: string): object[] {
  const { properties = {} } = z.toJSONSchema(query);
  const { required = [] } = z.toJSONSchema(query, { io: "input" });
  return Object.entries(properties).map(([name, schema]) => {
    const { description, examples, ...rest } = schema as z.core.JSONSchema.JSONSchema;
    const isRequired = required.includes(name);
    const [example] = (examples ?? []) as unknown[];
    return {
      name,
      in: path.includes(`{${name}}`) ? "path" : "query",
      required: isRequired,
      description: isRequired || example === undefined
        ? description
        : `${description} For example: ${example}.`,
      schema: rest,
      ...(isRequired ? { example } : {}),
    };
  });
}

/** The same schema where other keys may be there. */
function open(schema: object): object {
  return JSON.parse(
    JSON.stringify(schema, (key, value) => key === "additionalProperties" ? undefined : value),
  );
}

function reply(description: string, schema: object, example?: unknown) {
  const media = example === undefined ? { schema } : { schema, example };
  return { description, content: { "application/json": media } };
}

function error(description: string, components: Components) {
  return reply(description, components.refer(ApiError));
}

function textHeader(description: string) {
  return { description, schema: { type: "string" } };
}

/** Schemas by their ids, each once. */
class Components {
  readonly schemas: Record<string, object> = {};

  /** A reference to `schema`, which has an id. */
  refer(schema: z.ZodType, change = (own: object) => own): { readonly $ref: string } {
    const text = JSON.stringify(z.toJSONSchema(schema)).replaceAll('"#/$defs/', '"#/components/schemas/');
    const { $defs = {}, ...top } = JSON.parse(text);
    const id = schema.meta()?.id ?? "";
    const { $schema: _schema, $ref: _ref, id: _id, ...own } = top;
    for (const [name, inner] of Object.entries<Record<string, unknown>>($defs)) this.schemas[name] = inner;
    this.schemas[id] ??= change(own);
    return { $ref: `#/components/schemas/${id}` };
  }
}
