// The files that evidence may consist of: nothing else comes from a machine or a directory, and nothing else is published.

const KIB = 1024;
const MIB = 1024 * KIB;

export interface EvidenceFile {
  /** Largest size in bytes. */
  readonly most_bytes: number;
  /** Whether it only grows while it is written, so that what came before need not be fetched again. */
  readonly grows: boolean;
  /** Who writes it: the agent on the machine, or we when we seal what came. */
  readonly writer: "agent" | "controller";
}

const agent = (most_bytes: number, grows: boolean): EvidenceFile => ({ most_bytes, grows, writer: "agent" });
const ours = (most_bytes: number): EvidenceFile => ({ most_bytes, grows: false, writer: "controller" });

/** By name. The sizes are far above what the longest windows write: a chunk takes 6 bytes, a request 400. */
export const EVIDENCE_FILES = {
  "results.jsonl": agent(256 * MIB, true),
  "chunks.jsonl": agent(512 * MIB, true),
  "server.jsonl": agent(64 * MIB, true),
  "gpu.csv": agent(64 * MIB, true),
  "metadata.json": agent(4 * MIB, false),
  "calibration.json": agent(256 * KIB, false),
  "agent.log": agent(16 * MIB, true),
  "canary.json": ours(64 * KIB),
  "provenance.json": ours(16 * MIB),
} as const satisfies Record<string, EvidenceFile>;

export type EvidenceFileName = keyof typeof EVIDENCE_FILES;

/** Whether a file of this name belongs to evidence. */
export function isEvidenceFile(name: string): name is EvidenceFileName {
  return Object.hasOwn(EVIDENCE_FILES, name);
}

/** Whether a machine, or a directory of somebody else's, may bring it. */
export function isAgentFile(name: string): name is EvidenceFileName {
  return isEvidenceFile(name) && EVIDENCE_FILES[name].writer === "agent";
}
