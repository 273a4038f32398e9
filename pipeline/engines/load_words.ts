// PURE. What the log of a server that does not come up means.
import type { FailureCode } from "../schema/failures.ts";

/** Another program holds the port: vLLM and SGLang (Python, uvicorn), llama-server. */
export const PORT_TAKEN =
  /address already in use|couldn't bind (HTTP server|to server) socket|port \d+ is (already in use|not available)/i;

/** The first that matches is the reason. */
const MEANINGS: readonly (readonly [RegExp, FailureCode])[] = [
  [/Free memory on device .* is less than desired GPU memory utilization/i, "vram_taken"],
  [
    /CUDA out of memory|OutOfMemoryError|cudaMalloc failed|ErrorOutOfDeviceMemory|Not enough memory\. Please try|No available memory for the cache blocks|larger than the (available|maximum number of tokens).* KV cache/i,
    "out_of_memory",
  ],
  [/No space left on device/i, "disk_too_small"],
  [
    /40[134] Client Error|response code: 40[134]|RepositoryNotFoundError|GatedRepoError|is not a valid model identifier|failed to open GGUF file/i,
    "model_unknown",
  ],
  [
    /No CUDA GPUs are available|Found no NVIDIA driver|CUDA error: system not yet initialized|Failed to infer device type|no usable GPU found/i,
    "cuda_failed",
  ],
  // A wrong flag is wrong on every machine.
  [
    /World size \(\d+\) is larger than the number of available GPUs|divisible by (the )?tensor[ _]parallel|greater than the derived (max_model_len|context_length)|unrecognized arguments|error: argument -|invalid argument: -|error while handling argument/i,
    "failed",
  ],
];

export interface Meaning {
  readonly code: FailureCode;
  /** The line that says it. */
  readonly line: string;
}

/** The reason that one of `lines` gives; null when none is known. */
export function meaningOf(lines: readonly string[]): Meaning | null {
  for (const [pattern, code] of MEANINGS) {
    const line = lines.find((each) => pattern.test(each));
    if (line !== undefined) return { code, line: line.trim() };
  }
  return null;
}
