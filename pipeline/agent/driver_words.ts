// What GPU drivers and their programs say: words in place of a value, complaints in place of a row. Pure.
import { NO_NAME } from "../schema/driver_words.ts";
import { cutText } from "../schema/text.ts";

const MOST_CHARACTERS = 200;
const HAS_NO_NAME = new RegExp(`^(${NO_NAME})$`, "i");
const COMPLAINT =
  /\b(fail|failed|failure|error|exception|lost|unable|cannot|could(n't| not)|mismatch|no permission|denied|not initialized|not_init\w*|timed out)\b|_NOT_INIT\b|^error\b/i;
/** A warning tells of something beside the samples, which go on. */
const WARNING = /^\W*warning\b/i;
/** A sentence has few commas; a row that came apart has more, whatever its cells say. */
const MOST_COMMAS = 2;

/** The name in a cell; null where words stand in its place. */
export function nameIn(cell: string | undefined): string | null {
  const name = cell?.trim() ?? "";
  return HAS_NO_NAME.test(name) ? null : cutText(name, MOST_CHARACTERS);
}

/** What a cell tells of a version or an id, which have a digit or a hyphen; null where words stand in its place. */
export function codeIn(cell: string | undefined): string | null {
  const name = nameIn(cell);
  return name !== null && /[\d-]/.test(name) ? name : null;
}

/** Whether a line is a remark of the driver beside what it was asked. */
export function isWarning(line: string): boolean {
  return WARNING.test(line);
}

/** Whether a line that is no row is a complaint of the driver. Otherwise nobody knows what it is. */
export function isComplaint(line: string): boolean {
  return !isWarning(line) && line.split(",").length <= MOST_COMMAS + 1 && COMPLAINT.test(line);
}
