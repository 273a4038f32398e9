// What a link to the SQL page says: the query and how its result is drawn. Pure.

export const CHARTS = ["bar", "dot"] as const;

export interface ChartChoice {
  readonly kind: typeof CHARTS[number];
  /** Names of columns. */
  readonly x: string;
  readonly y: string;
}

export interface State {
  readonly sql: string;
  /** Null: no chart. */
  readonly chart: ChartChoice | null;
}

/** The state that the fragment of an address says; null when it names no query. */
export function stateOf(hash: string): State | null {
  const given = new URLSearchParams(hash.replace(/^#/, ""));
  const sql = given.get("sql");
  if (sql === null) return null;
  const kind = CHARTS.find((name) => name === given.get("chart"));
  if (kind === undefined) return { sql, chart: null };
  return { sql, chart: { kind, x: given.get("x") ?? "", y: given.get("y") ?? "" } };
}

/** The fragment that says a state, with its #. */
export function hashOf({ sql, chart }: State): string {
  const said = chart === null ? { sql } : { sql, chart: chart.kind, x: chart.x, y: chart.y };
  return `#${new URLSearchParams(said)}`;
}
