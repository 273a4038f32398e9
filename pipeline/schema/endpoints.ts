// The questions of the API: where each is asked, what it takes and gives, and which static files answer it too.
import { z } from "zod";
import {
  BenchmarkAnswer,
  BenchmarkDetail,
  BenchmarkList,
  Comparison,
  Pareto,
  Recommendations,
} from "./api.ts";
import { CostEfficiency, GpuAnalysis, Picks, ProviderComparison, Run, RunList } from "./overview.ts";
import {
  CheapestQuery,
  GetQuery,
  ListQuery,
  NoQuery,
  RankQuery,
  RecommendQuery,
  RunQuery,
  SloQuery,
} from "./query.ts";
import { SloAnswer } from "./slo.ts";

export const API_BASE = "/api/v1";

export interface Endpoint {
  /** A parameter of the path stands in braces. */
  readonly path: string;
  readonly asks: string;
  readonly query: z.ZodObject;
  readonly answer: z.ZodType;
  /** Static files below the base that answer it; what varies stands in angle brackets. */
  readonly files: readonly string[];
}

export const ENDPOINTS = {
  list: {
    path: `${API_BASE}/benchmarks`,
    asks: "Benchmarks, newest first",
    query: ListQuery,
    answer: BenchmarkList,
    files: [
      "benchmarks.json",
      "benchmarks/by-model/<model>.json",
      "benchmarks/by-gpu/<gpu>.json",
      "benchmarks/by-provider/<provider>.json",
    ],
  },
  best: {
    path: `${API_BASE}/benchmarks/best`,
    asks: "The fastest for a model",
    query: RankQuery,
    answer: BenchmarkAnswer,
    files: ["best/<model>.json"],
  },
  cheapest: {
    path: `${API_BASE}/benchmarks/cheapest`,
    asks: "The most tokens per dollar for a model and a speed",
    query: CheapestQuery,
    answer: BenchmarkAnswer,
    files: ["cheapest/<model>.json"],
  },
  compare: {
    path: `${API_BASE}/benchmarks/compare`,
    asks: "All hardware for a model beside the fastest",
    query: RankQuery,
    answer: Comparison,
    files: ["compare/<model>.json"],
  },
  recommendations: {
    path: `${API_BASE}/benchmarks/recommendations`,
    asks: "Which GPU to take for a model",
    query: RecommendQuery,
    answer: Recommendations,
    files: ["recommendations/<model>.json"],
  },
  pareto: {
    path: `${API_BASE}/benchmarks/pareto`,
    asks: "Speed against price for a model, and what no other beats in both",
    query: RankQuery,
    answer: Pareto,
    files: ["pareto/<model>.json"],
  },
  slo: {
    path: `${API_BASE}/slo`,
    asks: "Tokens per dollar within limits on time to first token and time per token",
    query: SloQuery,
    answer: SloAnswer,
    files: ["slo/<model>.json"],
  },
  get: {
    path: `${API_BASE}/benchmarks/{id}`,
    asks: "One benchmark with its cost",
    query: GetQuery,
    answer: BenchmarkDetail,
    files: ["benchmarks/<id>.json"],
  },
  picks: {
    path: `${API_BASE}/recommendations`,
    asks: "Which GPU to take, by size of model and by use",
    query: NoQuery,
    answer: Picks,
    files: ["recommendations.json"],
  },
  gpus: {
    path: `${API_BASE}/gpus`,
    asks: "What each GPU is good for",
    query: NoQuery,
    answer: GpuAnalysis,
    files: ["gpus.json"],
  },
  costEfficiency: {
    path: `${API_BASE}/cost-efficiency`,
    asks: "Tokens per dollar, GPU × model",
    query: NoQuery,
    answer: CostEfficiency,
    files: ["cost-efficiency.json"],
  },
  providers: {
    path: `${API_BASE}/providers`,
    asks: "The same GPU and model at several providers",
    query: NoQuery,
    answer: ProviderComparison,
    files: ["providers.json"],
  },
  runs: {
    path: `${API_BASE}/runs`,
    asks: "Every run, newest first",
    query: NoQuery,
    answer: RunList,
    files: ["runs.json"],
  },
  run: {
    path: `${API_BASE}/runs/{id}`,
    asks: "One run with its manifest",
    query: RunQuery,
    answer: Run,
    files: ["runs/<id>.json"],
  },
} as const satisfies Record<string, Endpoint>;

export type EndpointName = keyof typeof ENDPOINTS;
