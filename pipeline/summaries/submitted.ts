// data/submitted/submissions.jsonl: each line is judged again whenever it is read, since it may have been damaged or edited.
import { type Catalog, gpuNamed } from "../lib/catalog.ts";
import { nearest } from "../schema/nearest.ts";
import { check, type Checked } from "../schema/parse.ts";
import { implausible } from "../schema/plausible.ts";
import { strictJson } from "../schema/strict_json.ts";
import { type Submission, SubmissionLine } from "../schema/summary.ts";

/** Why the figures of a submission cannot be taken, one sentence for every fault. Pure. */
export function faultsOf(submission: Submission, catalog: Catalog, now: Date): string[] {
  const { gpu_name, gpu_memory_mib } = submission.hardware;
  const gpu = gpuNamed(catalog, gpu_name, gpu_memory_mib ? gpu_memory_mib / 1024 : null);
  if (gpu === undefined) {
    const known = nearest(gpu_name, catalog.gpus.map(({ name }) => name));
    return [
      `hardware.gpu_name: unknown GPU ${JSON.stringify(gpu_name)}, nearest known: ${
        known.join(", ")
      }; a new one is added in data/catalog/gpus.json`,
    ];
  }
  const model = catalog.models.find(({ name }) => name === submission.model.name);
  return implausible(submission, { gpu, model, now });
}

/** What the lines of the file are: `lines` may be built, each once; of every other `faults` says why not. */
export interface SubmittedLines {
  readonly lines: readonly SubmissionLine[];
  readonly faults: readonly { readonly line: number; readonly reason: string }[];
}

/** Reads the whole lines of the file. Pure. */
export function submittedLines(text: string, catalog: Catalog): SubmittedLines {
  const taken = new Map<string, { readonly number: number; readonly line: SubmissionLine }>();
  const faults: { line: number; reason: string }[] = [];
  for (const [index, told] of text.split("\n").slice(0, -1).entries()) {
    const number = index + 1;
    const read = lineOf(told, catalog);
    const before = "value" in read ? taken.get(read.value.evidence_id) : undefined;
    if ("faults" in read) faults.push({ line: number, reason: read.faults.join("; ") });
    else if (before !== undefined) faults.push({ line: number, reason: `it repeats line ${before.number}` });
    else taken.set(read.value.evidence_id, { number, line: read.value });
  }
  return { lines: [...taken.values()].map(({ line }) => line), faults };
}

function lineOf(text: string, catalog: Catalog): Checked<SubmissionLine> {
  const read = strictJson(text);
  if ("reason" in read) return { faults: [read.reason] };
  const checked = check(SubmissionLine, read.value);
  if ("faults" in checked) return checked;
  const { submission, received_at } = checked.value;
  const faults = faultsOf(submission, catalog, new Date(received_at));
  return faults.length === 0 ? checked : { faults };
}
