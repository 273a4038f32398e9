// What a machine may take of our time, and how much it may say, when a call does not name more. Machines are strangers'.

const MIB = 1 << 20;

/** A command that only asks or touches something. */
export const QUESTION = { seconds: 60, bytes: MIB } as const;
/** A command that installs: package managers print much. */
export const INSTALLATION = { seconds: 3600, bytes: 64 * MIB } as const;
/** What may be said about the connection itself. */
export const TALK_BYTES = MIB / 16;
/** A file is given up when it comes more slowly than this, bytes a second. */
const SLOWEST_LINE_BYTES_S = 50_000;
/** Characters of a line that is kept, to be searched and shown. Some searches take the square of its length. */
export const LINE_CHARACTERS = 1000;
/** What an engine on the machine may answer: a pull tells its progress for hours. */
export const ANSWER_BYTES = 256 * MIB;
/** Once its lease is stopped, so long a machine is still asked for what it measured. */
export const FAREWELL_SECONDS = 20;

/** Seconds that so many bytes may take. */
export function secondsFor(bytes: number): number {
  return QUESTION.seconds + bytes / SLOWEST_LINE_BYTES_S;
}
