// PURE. The words that GPU drivers print in place of a value, with brackets or without, in any case.

/** For what a driver does not know. */
export const NO_VALUE =
  "n/?a|n/s|none|null|nan|-|unknown|err!?|error|unknown error|(function )?not (supported|found|active|available|specified)|insufficient permissions|disabled|.*deprecated";

/** For a GPU that it has lost: the run means nothing. The database reads the same expression (40_gpu_samples.sql). */
export const LOST = "gpu is lost|gpu requires reset";

/** Words in place of a name, with or without brackets: `[N/A]`, `Not Supported`, `ERR!`, and nothing. The database reads it too (20_directories.sql). */
export const NO_NAME = `\\[?(${NO_VALUE}|${LOST})?\\]?`;
