// The unit of a column, which its name ends with. Pure.
const UNITS: readonly (readonly [ending: RegExp, unit: string])[] = [
  [/tokens?_per_second$/, "tokens/s"],
  [/per_dollar$/, "tokens/USD"],
  [/price_per_hour$/, "USD/h"],
  [/cost_per_million_tokens$/, "USD/10^6 tokens"],
  [/monthly_24x7$/, "USD/month"],
  [/joules_per_output_token$/, "J/token"],
  [/requests_per_minute$/, "requests/min"],
  [/_ms$/, "ms"],
  [/_ns$/, "ns"],
  [/_seconds$/, "s"],
  [/_minutes$/, "min"],
  [/_mib$/, "MiB"],
  [/_gib$/, "GiB"],
  [/_gb$/, "GB"],
  [/_pct$/, "%"],
  [/_c$/, "°C"],
  [/_w$/, "W"],
  [/_mhz$/, "MHz"],
];

/** The unit of the column of that name; null when it has none. */
export function unitOf(column: string): string | null {
  return UNITS.find(([ending]) => ending.test(column))?.[1] ?? null;
}
