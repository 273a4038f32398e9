// How many benchmarks a list holds; the same on the command line and in the API.

export const LIST_LIMIT = { usual: 50, most: 200 } as const;
