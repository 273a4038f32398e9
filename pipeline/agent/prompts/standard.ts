// The ten prompts of the standard workload, of four kinds.

export interface StandardPrompt {
  readonly kind: "coding" | "technical" | "creative" | "general";
  readonly text: string;
}

export const STANDARD_PROMPTS: readonly [StandardPrompt, ...StandardPrompt[]] = [
  {
    kind: "coding",
    text: "Write a Python function that merges two sorted lists into one sorted list, with tests.",
  },
  { kind: "technical", text: "Explain how a B-tree index speeds up a range query, and when it does not." },
  { kind: "creative", text: "Write the opening of a story about a lighthouse keeper who receives a letter." },
  { kind: "general", text: "What should somebody know before they adopt a dog? Give reasons." },
  {
    kind: "coding",
    text: "Write a TypeScript class for a least-recently-used cache and explain its running time.",
  },
  {
    kind: "technical",
    text: "Describe what happens between typing an address into a browser and seeing the page.",
  },
  { kind: "creative", text: "Describe a market in a city on the moon through the eyes of a child." },
  {
    kind: "general",
    text: "Compare travelling by train with travelling by plane for a trip of 800 kilometres.",
  },
  {
    kind: "coding",
    text: "Write a SQL query that finds the second highest salary in each department, and explain it.",
  },
  { kind: "technical", text: "Explain attention in a transformer model to an engineer who knows matrices." },
];
