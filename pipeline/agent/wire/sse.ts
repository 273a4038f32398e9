// Server-sent events: the data of each event, comments and other fields left out. An event that is named an error becomes a message
// with that error, and so does an error that came without any field; other lines that are none of the standard's are kept apart.
import { cutText } from "../../schema/text.ts";
import { errorInJson, says } from "../../lib/error_words.ts";
import { Failure } from "../failure.ts";
import { type LineReader, lineReader, MOST_LINE_BYTES } from "./lines.ts";

const MOST_CHARACTERS = 300;
const MOST_STRAY_CHARACTERS = 64 * 1024;
const STANDARD = /^(event|id|retry)(:|$)/;
const ERROR_NAME = /error|exception|fail/i;
const HEARTBEAT_NAME = /^\s*(ping|heartbeat|keep-?alive)\s*$/i;

export interface SseReader extends LineReader {
  /** Lines of one event that are no field of the standard's, told once; null of none. */
  takeStray(): string | null;
}

/** A reader that gives the data of every event that a blank line has completed. A Failure of class in_stream refuses one above 8 MiB. */
export function sseReader(): SseReader {
  const lines = lineReader();
  let data: string[] = [];
  let length = 0;
  let name = "";
  let comment = "";
  let strays = "";
  let takenStray: string | null = null;
  const keep = (text: string) => {
    length += text.length + 1;
    if (length > MOST_LINE_BYTES + 1) {
      throw new Failure("in_stream", "an event of the answer is longer than 8 MiB");
    }
    data.push(text);
  };
  const complete = (events: string[]) => {
    const event = data.length === 1 ? data[0] ?? "" : data.join("\n");
    if (ERROR_NAME.test(name)) events.push(errorEvent(event === "" ? comment : event));
    else if (event.startsWith("{") || (event !== "" && !HEARTBEAT_NAME.test(name))) events.push(event);
    if (strays !== "") completeStrays(events);
    data = [];
    length = 0;
    name = "";
    comment = "";
  };
  const completeStrays = (events: string[]) => {
    const error = errorInJson(strays);
    if (error === null) takenStray ??= cutText(strays, MOST_CHARACTERS);
    else events.push(JSON.stringify({ error }));
    strays = "";
  };
  const take = (line: string, events: string[]) => {
    if (line === "") complete(events);
    else if (line.startsWith("data:")) keep(valueOf(line, 5));
    else if (line === "data") keep("");
    else if (line.startsWith("event:")) name = valueOf(line, 6);
    else if (line.startsWith("error:")) {
      // Builds of llama-server send an error as a field of its own instead of data.
      name = "error";
      keep(valueOf(line, 6));
    } else if (line.startsWith(":")) comment = cutText(line.slice(1).trim(), MOST_CHARACTERS);
    else if (!STANDARD.test(line)) keepStray(line);
  };
  const keepStray = (line: string) => {
    if (strays.length < MOST_STRAY_CHARACTERS) strays += `${line.slice(0, MOST_STRAY_CHARACTERS)}\n`;
  };
  const takeAll = (all: readonly string[]) => {
    const events: string[] = [];
    for (const line of all) take(line, events);
    return events;
  };
  return {
    push: (bytes) => takeAll(lines.push(bytes)),
    end: () => takeAll([...lines.end(), ""]),
    isEmpty: () => data.length === 0 && name === "" && strays === "" && lines.isEmpty(),
    takeStray() {
      const stray = takenStray?.trim() ?? null;
      takenStray = null;
      return stray;
    },
  };
}

function valueOf(line: string, from: number): string {
  return line.slice(line[from] === " " ? from + 1 : from);
}

function errorEvent(text: string): string {
  const error = jsonOr(text);
  return JSON.stringify({ error: says(error) ? error : "" });
}

/** What `text` says as JSON, or the text. */
function jsonOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
