// DuckDB in a worker of its own, with the almanac attached and every way out of it closed.
/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import { AsyncDuckDB, type AsyncDuckDBConnection, VoidLogger } from "@duckdb/duckdb-wasm";
import { bounded } from "./bounded.ts";
import { type ArrowType, type Column, kindOf, plain, type Result, type Value } from "./values.ts";

/** What an engine is started from; one set serves many starts. */
export interface EngineParts {
  readonly module: Blob;
  readonly worker: Blob;
  readonly database: Uint8Array;
}

const START_MS = 60_000;
const QUERY_MS = 30_000;
const MOST_ROWS = 100_000;
const NAME = "almanac.duckdb";

/** The almanac is read-only; what a visitor creates lies in memory. After the last line nothing outside can be read, and no setting changed. */
const SETUP = [
  `ATTACH '${NAME}' AS almanac (READ_ONLY)`,
  "SET search_path = 'memory,almanac'",
  "SET autoinstall_known_extensions = false",
  "SET autoload_known_extensions = false",
  "SET enable_external_access = false",
  "SET lock_configuration = true",
];

/** A query's own fault, told in DuckDB's words; the engine lives on. */
export class QueryError extends Error {}

/** A running engine. After any error but a QueryError it is stopped, and another must be started. */
export class Engine {
  readonly #worker: Worker;
  readonly #connection: AsyncDuckDBConnection;
  #isStopped = false;

  private constructor(worker: Worker, connection: AsyncDuckDBConnection) {
    this.#worker = worker;
    this.#connection = connection;
  }

  /** A worker with the almanac open; an Error after 60 s. */
  static async start(parts: EngineParts, signal: AbortSignal): Promise<Engine> {
    const worker = withUrl(parts.worker, (url) => new Worker(url));
    try {
      const late = `The engine did not start within ${START_MS / 1000} s. Run again, or reload the page.`;
      return new Engine(worker, await bounded(connect(worker, parts), START_MS, late, signal));
    } catch (error) {
      worker.terminate();
      throw error;
    }
  }

  /** The rows of the last statement, at most 100,000; a QueryError when DuckDB refuses, another Error after 30 s. */
  async query(sql: string, signal: AbortSignal): Promise<Result> {
    try {
      const late = `The query was stopped after ${QUERY_MS / 1000} s. Ask for less at once.`;
      return await bounded(rowsOf(this.#connection, sql), QUERY_MS, late, signal);
    } catch (error) {
      const refusal = refusalIn(error);
      if (refusal !== null) throw new QueryError(refusal, { cause: error });
      this.stop();
      throw error;
    }
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  stop(): void {
    this.#isStopped = true;
    this.#worker.terminate();
  }
}

async function connect(worker: Worker, { module, database }: EngineParts): Promise<AsyncDuckDBConnection> {
  const db = new AsyncDuckDB(new VoidLogger(), worker);
  const broken = new Promise<never>((_, reject) =>
    worker.addEventListener(
      "error",
      ({ message }) => reject(new Error(`The engine did not start: ${message}`)),
    )
  );
  await Promise.race([withUrl(module, (url) => db.instantiate(url)), broken]);
  await db.open({ query: { castDecimalToDouble: true } });
  await db.registerFileBuffer(NAME, database.slice());
  const connection = await db.connect();
  for (const statement of SETUP) await connection.query(statement);
  return connection;
}

async function rowsOf(connection: AsyncDuckDBConnection, sql: string): Promise<Result> {
  const stream = await (await connection.send(sql, true)).open();
  const fields = stream.schema.fields.map(({ name, type }) => ({ name, type: type as ArrowType }));
  const rows: Value[][] = [];
  for await (const batch of stream) {
    for (const row of batch) {
      const values = [...row].map(([, value]): unknown => value);
      rows.push(fields.map(({ type }, index) => plain(values[index], type)));
    }
    if (rows.length > MOST_ROWS) {
      await connection.cancelSent();
      break;
    }
  }
  return { columns: columnsOf(fields), rows: rows.slice(0, MOST_ROWS), complete: rows.length <= MOST_ROWS };
}

/** A name that comes again gets a number, as in DuckDB's own tables. */
function columnsOf(fields: readonly { name: string; type: ArrowType }[]): Column[] {
  const taken = new Set<string>();
  return fields.map(({ name, type }) => {
    let unique = name;
    for (let n = 1; taken.has(unique); n += 1) unique = `${name}_${n}`;
    taken.add(unique);
    return { name: unique, kind: kindOf(type) };
  });
}

/** What DuckDB said against a query; null when the engine itself failed. */
function refusalIn(error: unknown): string | null {
  const text = error instanceof Error ? error.message : "";
  if (/^[A-Z][\w ]* Error: /.test(text)) return text;
  try {
    const { exception_type, exception_message } = JSON.parse(text);
    return `${exception_type} Error: ${exception_message}`;
  } catch {
    return null;
  }
}

function withUrl<T>(blob: Blob, use: (url: string) => T): T {
  const url = URL.createObjectURL(blob);
  const used = use(url);
  const done = () => URL.revokeObjectURL(url);
  if (used instanceof Promise) used.then(done, done);
  return used;
}
