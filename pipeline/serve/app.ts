// The routes: the API, the health check, and the built site beside them.
import { type Context, Hono } from "hono";
import { reasonOf, UserError } from "../errors.ts";
import type { Log } from "../lib/log.ts";
import { type EndpointName, ENDPOINTS } from "../schema/endpoints.ts";
import { OPENAPI_PATH, openApiDocument } from "../schema/openapi.ts";
import type { Almanac } from "./almanac.ts";
import type { Client } from "./connection.ts";
import { Busy, isOutOfFiles, replyBusy } from "./busy.ts";
import { askedBy } from "./edition.ts";
import { questionOf } from "./questions.ts";
import { OPEN, SECURITY } from "./headers.ts";
import { replyAnswer, replyError, replyJson } from "./reply.ts";
import type { Site } from "./site.ts";
import { targetOf } from "./target.ts";
import { submission, type Submissions } from "./submit.ts";

export interface Parts extends Submissions {
  readonly almanac: Almanac;
  readonly site: Site;
  readonly log: Log;
  /** Milliseconds that only grow. */
  readonly now: () => number;
}

/** Pages of other origins may read; what submits has a token and is no page. */
const PREFLIGHT = {
  ...SECURITY,
  ...OPEN,
  "access-control-allow-methods": "GET, HEAD",
  "access-control-max-age": "86400",
};

/** All routes over their parts. */
export function createApp({ almanac, site, log, now, accept, token }: Parts): Hono<{ Bindings: Client }> {
  const app = new Hono<{ Bindings: Client }>();
  app.options("/api/*", () => new Response(null, { status: 204, headers: PREFLIGHT }));
  for (const handler of submission({ accept, token }, now, () => almanac.expectChange())) {
    app.post(ENDPOINTS.list.path, handler);
  }
  for (const [name, { path }] of Object.entries(ENDPOINTS)) {
    const route = path.replace(/\{(\w+)\}/g, ":$1");
    const allow = name === "list" ? "GET, HEAD, POST, OPTIONS" : "GET, HEAD, OPTIONS";
    app.get(route, (context, next) => isFile(context) ? next() : ask(name as EndpointName, context, almanac));
    app.all(route, (context, next) => isFile(context) ? next() : refuseMethod(context, allow));
  }
  const document = openApiDocument();
  app.get(OPENAPI_PATH, () => replyJson(document));
  app.get("/healthz", async () => replyJson(await almanac.health()));
  app.all("/healthz", (context) => refuseMethod(context, "GET, HEAD"));
  app.get("/api/*", async ({ req, env }) => await site.file(req.raw, env) ?? unknownEndpoint(req.path));
  app.all("/api/*", ({ req }) => unknownEndpoint(req.path));
  app.get("*", ({ req, env }) => site.page(req.raw, env));
  app.all("*", (context) => refuseMethod(context, "GET, HEAD"));
  app.onError((error, { env }) => {
    if (error instanceof Busy) return replyBusy(error.message);
    if (isOutOfFiles(error)) {
      env.outOfFiles();
      return replyBusy("too many files are open");
    }
    const id = crypto.randomUUID();
    log.warn(`request ${id} failed: ${error.stack ?? error.message}`);
    return replyError(500, "Cannot answer: a fault of the server. Report it with the request_id.", { id });
  });
  return app;
}

async function ask(name: EndpointName, { req }: Context, almanac: Almanac): Promise<Response> {
  const question = questionOf(name, new URLSearchParams(targetOf(req.url).query), req.param());
  if ("faults" in question) {
    const { faults } = question;
    return replyError(400, `Cannot read the question: ${faults.join("; ")}.`, { faults });
  }
  try {
    const answer = await almanac.answer(question.value, askedBy(req.raw));
    return replyAnswer(answer, req.raw);
  } catch (error) {
    if (error instanceof UserError) return replyError(404, reasonOf(error));
    throw error;
  }
}

/** The static mirror lies below the same paths; its files end in `.json`. */
function isFile({ req }: Context): boolean {
  return req.path.endsWith(".json");
}

function refuseMethod({ req }: Context, allow: string): Response {
  return replyError(405, `Cannot ${req.method} ${req.path}. It takes ${allow}.`, { headers: { allow } });
}

function unknownEndpoint(path: string): Response {
  const known = Object.values(ENDPOINTS).map((endpoint) => endpoint.path).join(", ");
  return replyError(404, `Cannot find ${path}: there is no such endpoint. Known: ${known}.`);
}
