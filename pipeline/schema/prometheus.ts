// PURE. The text that Prometheus scrapes, read into samples: https://prometheus.io/docs/instrumenting/exposition_formats/
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** May be NaN or infinite. */
  readonly value: number;
}

const LINE = /^([a-zA-Z_:][\w:]*)(?:\s*\{(.*)\})?\s+(\S+)(?:\s+-?\d+)?\s*$/;
const LABEL = /(?<!\w)([a-zA-Z_]\w*)\s*=\s*"((?:[^"\\]|\\.)*)"/g;

/** All samples in `text`, in order; comments, empty lines and lines that are no samples are left out. */
export function samplesIn(text: string): Sample[] {
  return text.split("\n").flatMap((line) => {
    const [, name, labels = "", told = ""] = LINE.exec(line.trim()) ?? [];
    const value = numberOf(told);
    return name === undefined || value === null ? [] : [{ name, labels: labelsIn(labels), value }];
  });
}

function labelsIn(text: string): Record<string, string> {
  return Object.fromEntries(
    [...text.matchAll(LABEL)].map(([, name = "", value = ""]) => [name, unescape(value)]),
  );
}

function unescape(value: string): string {
  return value.replace(/\\(.)/g, (_, character) => character === "n" ? "\n" : character);
}

function numberOf(told: string): number | null {
  if (/^[+-]?inf$/i.test(told)) return told.startsWith("-") ? -Infinity : Infinity;
  if (/^nan$/i.test(told)) return NaN;
  return told === "" || Number.isNaN(Number(told)) ? null : Number(told);
}
