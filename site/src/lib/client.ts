// What is known of the load generator of a benchmark, in lines for reading. Pure.
import type { BenchmarkResult } from "../../../pipeline/schema/benchmark.ts";
import { number } from "./format.ts";

/** One line each; what is not known is left out. */
export function clientLines({ client }: Pick<BenchmarkResult, "client">): { what: string; found: string }[] {
  if (client === null) return [];
  const ms = (value: number | null) => value === null ? null : `${number(value, 2)} ms`;
  const beside = (own: string | null, other: string | null, word: string) =>
    other === null ? own : own === null ? `${word} ${other}` : `${own}, ${word} ${other}`;
  const digits = (value: number | null, digits: number) => value === null ? null : number(value, digits);
  const { ceiling_chunks_per_second: ceiling, server_in_flight, server_tokens } = client;
  const lines: [string, string | null][] = [
    [
      "Chunks per second",
      beside(digits(client.chunks_per_second, 0), digits(ceiling, 0), "calibrated up to"),
    ],
    ["Error of time to first token, p99", ms(client.p99_ttft_error_ms)],
    ["Error of inter-token latency, p99", ms(client.p99_itl_error_ms)],
    ["Requests sent late, p99", ms(client.p99_schedule_lag_ms)],
    ["Event loop late, p99", ms(client.p99_loop_lag_ms)],
    ["CPU of its process", client.cpu_pct === null ? null : `${number(client.cpu_pct, 0)} % of a core`],
    ["Threads that read answers", digits(client.shards, 0)],
    [
      "Requests in flight",
      beside(digits(client.in_flight, 1), digits(server_in_flight, 1), "by the server’s count"),
    ],
    [
      "Output tokens, settling included",
      beside(digits(client.tokens, 0), digits(server_tokens, 0), "by the server’s count"),
    ],
  ];
  return lines.flatMap(([what, found]) => found === null ? [] : [{ what, found }]);
}
