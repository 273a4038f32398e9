// The live REST API with the built site beside it, as one handler of requests.
import type { Log } from "../lib/log.ts";
import type { Paths } from "../paths.ts";
import { Almanac } from "./almanac.ts";
import { createApp } from "./app.ts";
import type { Client } from "./connection.ts";
import { askedBy } from "./edition.ts";
import { USUAL_LIMITS } from "./limits.ts";
import { replyAnswer } from "./reply.ts";
import { Site } from "./site.ts";
import type { Submissions } from "./submit.ts";
import { targetOf } from "./target.ts";

export { Listener } from "./listener.ts";
export type { Accept } from "./submit.ts";
export { TOKEN_VARIABLE } from "./submit.ts";

export interface ServerOptions extends Submissions {
  readonly paths: Paths;
  /** Where faults of the server are told. */
  readonly log: Log;
  /** Told one line for each request. */
  readonly access?: (line: string) => void;
  /** Milliseconds that only grow. */
  readonly now?: () => number;
  /** How many questions may wait for the database. */
  readonly questions?: number;
}

export interface Server extends AsyncDisposable {
  readonly fetch: (request: Request, client?: Client) => Response | Promise<Response>;
}

/** Who asks where no connection tells. */
const UNKNOWN: Client = { address: "unknown", taken: () => undefined, outOfFiles: () => undefined };

/** Opens the almanac below `paths`; a UserError when no data is built. Disposing closes it after the questions in flight. */
export async function createServer(options: ServerOptions): Promise<Server> {
  const { paths, log, access, accept, token, now = () => performance.now() } = options;
  const almanac = await Almanac.open(paths, options.questions ?? USUAL_LIMITS.questions, log, now);
  const app = createApp({ almanac, site: new Site(paths), log, now, accept, token });
  const answer: Server["fetch"] = (request, client = UNKNOWN) => {
    const kept = request.method === "GET" ? almanac.recall(askedBy(request)) : undefined;
    return kept === undefined ? app.fetch(request, client) : replyAnswer(kept, request);
  };
  return {
    fetch: access === undefined ? answer : logged(answer, access, now),
    [Symbol.asyncDispose]: () => almanac[Symbol.asyncDispose](),
  };
}

/** The query is left out: what a client puts there by mistake must not stay in a log. */
function logged(answer: Server["fetch"], access: (line: string) => void, now: () => number): Server["fetch"] {
  return async (request, client = UNKNOWN) => {
    const started = now();
    const response = await answer(request, client);
    const id = response.headers.get("x-request-id");
    access(
      `${client.address} ${request.method} ${targetOf(request.url).path} ${response.status} ${
        (now() - started).toFixed(1)
      } ms${id === null ? "" : ` ${id}`}`,
    );
    return response;
  };
}
