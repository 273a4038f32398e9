// What each verdict means, and what must be known before it can be given.
import type { VerdictCode } from "./benchmark.ts";

export interface VerdictMeaning {
  readonly meaning: string;
  /** Data without which it cannot be checked. */
  readonly needs: string;
}

export const VERDICT_MEANINGS: Readonly<Record<VerdictCode, VerdictMeaning>> = {
  cache_hit: {
    meaning: "The engine took prompts from a cache, so that the time to first token is too good.",
    needs: "the engine's count of cached tokens",
  },
  token_mismatch: {
    meaning:
      "The tokens that were counted are not those that the server says it generated, or more than were asked for.",
    needs: "the server's own counters, the answers' tokens counted again, or how many were asked for",
  },
  decode_mismatch: {
    meaning:
      "The decoding speed is not the one that the engine tells itself: tokens came that nobody saw, or the times are not the engine's.",
    needs: "the engine's own time for decoding",
  },
  wrong_model: {
    meaning: "The answers say that they come from another model than the one that was asked for.",
    needs: "answers that name their model",
  },
  client_bound: {
    meaning: "The load generator was at its limit: it was measured, not the server.",
    needs: "a calibration of the load generator, its own lag and CPU, or the engine's counters",
  },
  schedule_lag: {
    meaning: "Requests were sent later than they were due: the load was not the one that was asked for.",
    needs: "an open loop of at least 100 requests, which are due at set times",
  },
  server_errors: {
    meaning: "Too many requests failed for the others to stand for all.",
    needs: "measured requests",
  },
  truncated_stream: {
    meaning: "Too many answers broke off before their end.",
    needs: "measured requests",
  },
  wrong_gpu: {
    meaning: "The GPU is not the one that the matrix asked for.",
    needs: "the GPU that was asked for",
  },
  driver_error: {
    meaning: "The GPU driver failed, lost samples or changed meanwhile: the machine was not sound.",
    needs: "telemetry of the GPU",
  },
  clock_skew: {
    meaning: "The machine's clock was set meanwhile: requests and telemetry do not belong to the same times.",
    needs: "times on a monotonic clock",
  },
  beyond_bandwidth: {
    meaning:
      "Tokens came faster than the GPU's memory can be read, and each needs a reading of all weights that it uses: speed, model or GPU are not what they are said to be.",
    needs: "a GPU of the catalogue and the size of the model, of a mixture of experts its active part too",
  },
  rate_mismatch: {
    meaning:
      "Durations, tokens and tokens/s contradict each other: one of them is in another unit or of something else, or answers were held back and came at once.",
    needs: "durations and tokens/s of requests",
  },
  overlapping_requests: {
    meaning:
      "By their durations more requests were under way at once than there are places: durations or load level are not what they are said to be.",
    needs: "durations of the requests of a closed loop",
  },
  wrong_time: {
    meaning: "Requests lie far from the time that the run tells of itself: they belong to another run.",
    needs: "the run's own start, and when it was collected",
  },
  rejected_lines: {
    meaning:
      "Too many lines of requests could not be read for the others to stand for all: those may be the ones that failed.",
    needs: "raw evidence",
  },
  cpu_spill: {
    meaning: "A part of the model lay outside GPU memory and ran on the processor, which is slow.",
    needs: "how much of the model the engine loaded onto the GPU",
  },
  exceeds_vram: {
    meaning:
      "The model with its context needs more memory than the GPU has: what is left over runs on the processor, which is slow.",
    needs: "the sizes of the model and of GPU memory",
  },
  frames_counted: {
    meaning:
      "The engine gave no token counts: frames with text were counted instead, which may hold several tokens each.",
    needs: "where token counts come from",
  },
  short_output: {
    meaning: "Answers were shorter than asked for: the load was lighter than it seems.",
    needs: "how many tokens were asked for",
  },
  throttled_thermal: {
    meaning: "Heat held the GPU's clocks down: a cooler machine of this kind is faster.",
    needs: "the GPU's throttle reasons",
  },
  power_capped: {
    meaning: "The GPU's power limit was set below the one its maker gave it: another host's may be faster.",
    needs: "the GPU's power limits",
  },
  telemetry_gap: {
    meaning: "The GPU was not watched all the time: its averages and energy may miss something.",
    needs: "telemetry of the GPU",
  },
  co_tenant: {
    meaning:
      "Something else used the GPU or the processors, or others asked the same engine: alone, it may be faster.",
    needs:
      "processes, memory and utilisation of the GPU before the load, the engine's counters, or when the pieces of answers were heard",
  },
  stalled: {
    meaning: "The engine stood still for a part of the window: its throughput is that of the rest.",
    needs: "when every piece of the answers came, or the first and the last of each in a closed loop",
  },
  non_stationary: {
    meaning:
      "Speed was not the same in both halves of the window, or when the level was repeated: measured at another time, it may be another.",
    needs: "at least 20 requests",
  },
  too_few_requests: {
    meaning:
      "Too few requests succeeded for percentiles to mean much; the average too may be another next time.",
    needs: "measured requests",
  },
  interrupted: {
    meaning:
      "The measurement was stopped before its planned end: the figures are those of the part that was measured.",
    needs: "the levels that the measuring program says it finished",
  },
};
