// DuckDB: a connection, the SQL files, and the one place where a value is quoted.
import {
  DOUBLE,
  type DuckDBConnection,
  DuckDBInstance,
  type DuckDBPreparedStatement,
  type DuckDBType,
  type DuckDBValue,
} from "@duckdb/node-api";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { UserError } from "../errors.ts";
import { exists } from "./files.ts";

const SQL = join(dirname(dirname(fileURLToPath(import.meta.url))), "sql");

/** A file that replaced another is read anew: DuckDB's cache of files takes one of equal size, written soon after, for the same. */
const ALWAYS = { enable_external_file_cache: "false" };

export type Row = Record<string, unknown>;

/** One connection; leaving its scope closes it and its database. */
export class Database implements Disposable {
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;
  readonly #isFirst: boolean;
  /** Planned statements that nobody uses now: one that is asked holds its asker's values. */
  readonly #idle = new Map<string, DuckDBPreparedStatement>();

  private constructor(instance: DuckDBInstance, connection: DuckDBConnection, isFirst = true) {
    this.#instance = instance;
    this.#connection = connection;
    this.#isFirst = isFirst;
  }

  /** An empty database in memory. */
  static async inMemory(settings: Record<string, string> = {}): Promise<Database> {
    const instance = await DuckDBInstance.create(":memory:", { ...ALWAYS, ...settings });
    return new Database(instance, await instance.connect());
  }

  /** The database file at `path`, to read; a UserError when it is missing or unreadable. */
  static async reading(path: string): Promise<Database> {
    const hint = "Build it with `deno task build-data`, or say with --root where it is.";
    if (!await exists(path)) throw new UserError(`Cannot read the almanac's data: there is no ${path}`, hint);
    try {
      const instance = await DuckDBInstance.create(path, { ...ALWAYS, access_mode: "READ_ONLY" });
      return new Database(instance, await instance.connect());
    } catch (cause) {
      throw new UserError(`Cannot read the almanac's data: ${path} cannot be opened`, hint, { cause });
    }
  }

  /** A second connection to the same database, to ask at the same time; leaving its scope closes only it. */
  async beside(setup: string): Promise<Database> {
    const database = new Database(this.#instance, await this.#instance.connect(), false);
    await database.run(setup);
    return database;
  }

  /** Runs one or more statements. */
  async run(sql: string): Promise<void> {
    await this.#connection.run(sql);
  }

  /** Runs a numbered file of pipeline/sql. */
  async runFile(name: string): Promise<void> {
    await this.run(await sqlText(name));
  }

  /** The rows of a query, whose plan is kept; `$name` in it takes its value from `values`. BIGINT comes as bigint, TIMESTAMP as Date. */
  async rows(sql: string, values: Record<string, DuckDBValue> = {}): Promise<Row[]> {
    const kept = this.#idle.get(sql);
    this.#idle.delete(sql);
    const statement = kept ?? await this.#connection.prepare(sql);
    try {
      statement.bind(values, doublesIn(values));
      return (await statement.runAndReadAll()).getRowObjectsJS() as Row[];
    } finally {
      if (this.#idle.has(sql)) statement.destroySync();
      else this.#idle.set(sql, statement);
    }
  }

  /** Makes `value` readable in SQL as getvariable('name'). */
  async set(name: string, value: string | readonly string[]): Promise<void> {
    const text = typeof value === "string" ? quote(value) : `[${value.map(quote).join(", ")}]::VARCHAR[]`;
    await this.run(`SET VARIABLE ${name} = ${text}`);
  }

  [Symbol.dispose](): void {
    for (const statement of this.#idle.values()) statement.destroySync();
    this.#connection.closeSync();
    if (this.#isFirst) this.#instance.closeSync();
  }
}

/** The types of the numbers that are no exact integers: of itself a large one would be bound as BIGINT, which may not hold it. */
function doublesIn(values: Record<string, DuckDBValue>): Record<string, DuckDBType> {
  const isDouble = (value: DuckDBValue) => typeof value === "number" && !Number.isSafeInteger(value);
  return Object.fromEntries(
    Object.entries(values).filter(([, value]) => isDouble(value)).map(([name]) => [name, DOUBLE]),
  );
}

/** `value` as a SQL string literal. */
export function quote(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}

/** The text of a file of pipeline/sql, e.g. `queries/best.sql`. */
export function sqlText(name: string): Promise<string> {
  return Deno.readTextFile(join(SQL, name));
}
