// serve: the live REST API and the built site, until a signal ends it.
import { UserError } from "../errors.ts";
import { readCatalog } from "../lib/catalog.ts";
import { exists } from "../lib/files.ts";
import type { Shell } from "../main.ts";
import type { Log } from "../lib/log.ts";
import { createServer, Listener, type Server, TOKEN_VARIABLE } from "../serve/mod.ts";
import { answeredBy, Submissions } from "../summaries/submit.ts";
import { buildWhereNeeded } from "./build.ts";
import { stopOnSignals } from "./signals.ts";

export interface ServeOptions {
  readonly port: number;
  readonly host: string;
  readonly log: boolean;
}

/** How long requests in flight may take once a signal came, ms. */
const GRACE = 10_000;

/** Answers requests until SIGINT or SIGTERM; then those in flight end, the database is closed, and it returns. */
export async function serveCommand(options: ServeOptions, { paths, log }: Shell): Promise<void> {
  if (await exists(paths.database)) await buildWhereNeeded(paths, log);
  const submissions = new Submissions(paths.submitted, await readCatalog(paths), {
    answered: answeredBy(paths.database),
  });
  await using server = await createServer({
    paths,
    log,
    accept: (body) => submissions.accept(body),
    token: Deno.env.get(TOKEN_VARIABLE) || null,
    ...(options.log ? { access: log.info } : {}),
  });
  using stop = stopOnSignals(() => log.info("stopping: requests in flight may end; once more ends at once"));
  const listener = listen(options, server, log);
  log.info(`GPU Almanac at ${urlOf(listener.address)}`);
  await new Promise<void>((resolve) =>
    stop.signal.addEventListener("abort", () => resolve(), { once: true })
  );
  await shutdown(listener);
}

function listen({ host, port }: ServeOptions, { fetch }: Server, log: Log): Listener {
  try {
    return new Listener({ hostname: host, port, handle: fetch, log });
  } catch (cause) {
    if (cause instanceof UserError) throw cause;
    throw new UserError(
      `Cannot listen at ${host} port ${port}`,
      "Name a free port with --port (0 takes any), or an address of this computer with --host.",
      { cause },
    );
  }
}

function urlOf({ hostname, port }: Deno.NetAddr): string {
  const host = hostname.includes(":") ? `[${hostname}]` : hostname === "127.0.0.1" ? "localhost" : hostname;
  return `http://${host}:${port}`;
}

/** Takes no new connections and lets requests in flight end, at most for the time of grace. */
async function shutdown(listener: Listener): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, GRACE);
  await Promise.race([listener.shutdown(), late]);
  clearTimeout(timer);
}
