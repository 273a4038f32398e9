// Lengths of prompts and answers as people's requests have them. Most requests are short and a few are many times longer, which a
// log-normal distribution shows with two numbers: half of the lengths lie below the median, and about two thirds between
// median / e^sigma and median × e^sigma. The numbers are our own choice for three uses, not those of a recorded trace. Draws outside of
// least and most are set to that limit, so that the context a workload needs is known beforehand.

export const SHAPES = ["chat", "rag", "code"] as const;

/** Lengths in tokens: log-normal, clipped. */
export interface Lengths {
  readonly median: number;
  /** Standard deviation of the logarithm. */
  readonly sigma: number;
  readonly least: number;
  readonly most: number;
}

export const MIXES: Readonly<
  Record<typeof SHAPES[number], { readonly input: Lengths; readonly output: Lengths }>
> = {
  // A question typed by hand, sometimes with a text pasted in; an answer of some paragraphs. Fits a context of 2,048 tokens.
  chat: {
    input: { median: 192, sigma: 0.8, least: 64, most: 768 },
    output: { median: 256, sigma: 0.6, least: 32, most: 1024 },
  },
  // Some retrieved pages before a short question; an answer of some sentences. Reading the prompt is most of the work. Fits 8,192.
  rag: {
    input: { median: 3072, sigma: 0.4, least: 1024, most: 6144 },
    output: { median: 128, sigma: 0.5, least: 16, most: 512 },
  },
  // A file or a description of a task; a whole file as the answer. Generating is most of the work. Fits 4,096.
  code: {
    input: { median: 512, sigma: 0.7, least: 64, most: 2048 },
    output: { median: 768, sigma: 0.5, least: 128, most: 1536 },
  },
};
