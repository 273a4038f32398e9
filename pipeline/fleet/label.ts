// PURE. Labels of machines: whose they are, which, since when and until when, so that they can be judged by their label alone.

export interface Label {
  /** The deployment: one root of the almanac. */
  readonly prefix: string;
  /** Our name of the machine. */
  readonly machine_id: string;
  /** Seconds since 1970. */
  readonly created: number;
  /** Hard deadline, seconds since 1970. */
  readonly deadline: number;
}

/** So many characters are proven to be taken by every provider. */
const LONGEST = 60;
const PREFIX = /^ga-[0-9a-f]{8}$/;
const LABEL = /^(ga-[0-9a-f]{8})-([a-z0-9-]+)-(\d{10})-(\d+)$/;

/** At most 60 characters of `[a-z0-9-]`; a TypeError when it could not be read again, as of a prefix that is no deployment's. */
export function labelOf({ prefix, machine_id, created, deadline }: Label): string {
  if (!PREFIX.test(prefix)) throw new TypeError(`"${prefix}" is not the name of a deployment`);
  const label = `${prefix}-${machine_id}-${created}-${Math.ceil((deadline - created) / 60)}`;
  if (readLabel(label) === null || label.length > LONGEST) throw new TypeError(`"${label}" is no label`);
  return label;
}

/** What a label says; null when it is none of the almanac's. */
export function readLabel(text: string | null): Label | null {
  const [, prefix, machine_id, created, minutes] = LABEL.exec(text ?? "") ?? [];
  if (prefix === undefined || machine_id === undefined) return null;
  return {
    prefix,
    machine_id,
    created: Number(created),
    deadline: Number(created) + Number(minutes) * 60,
  };
}

/** Whether a text names a deployment. */
export function isPrefix(text: string): boolean {
  return PREFIX.test(text);
}
