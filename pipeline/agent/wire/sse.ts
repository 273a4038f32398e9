// Server-sent events: the data of each event, comments and other fields left out. An event that is named an error becomes a message
// with that error.
import { cutText } from "../../schema/text.ts";
import { Failure } from "../failure.ts";
import { type LineReader, lineReader, MOST_LINE_BYTES } from "./lines.ts";

const MOST_CHARACTERS = 300;

/** A reader that gives the data of every event that a blank line has completed. A Failure of class in_stream refuses one above 8 MiB. */
export function sseReader(): LineReader {
  const lines = lineReader();
  let data: string[] = [];
  let length = 0;
  let isError = false;
  let comment = "";
  const keep = (text: string) => {
    length += text.length + 1;
    if (length > MOST_LINE_BYTES + 1) {
      throw new Failure("in_stream", "an event of the answer is longer than 8 MiB");
    }
    data.push(text);
  };
  const complete = (events: string[]) => {
    const event = data.length === 1 ? data[0] ?? "" : data.join("\n");
    if (isError) events.push(errorEvent(event === "" ? comment : event));
    else if (event !== "") events.push(event);
    data = [];
    length = 0;
    isError = false;
    comment = "";
  };
  const take = (line: string, events: string[]) => {
    if (line === "") complete(events);
    else if (line.startsWith("data:")) keep(valueOf(line, 5));
    else if (line === "data") keep("");
    else if (line.startsWith("event:")) isError = valueOf(line, 6).trim().toLowerCase() === "error";
    else if (line.startsWith("error:")) {
      // Builds of llama-server send an error as a field of its own instead of data.
      isError = true;
      keep(valueOf(line, 6));
    } else if (line.startsWith(":")) comment = cutText(line.slice(1).trim(), MOST_CHARACTERS);
  };
  const takeAll = (all: readonly string[]) => {
    const events: string[] = [];
    for (const line of all) take(line, events);
    return events;
  };
  return {
    push: (bytes) => takeAll(lines.push(bytes)),
    end: () => takeAll([...lines.end(), ""]),
    isEmpty: () => data.length === 0 && !isError && lines.isEmpty(),
  };
}

function valueOf(line: string, from: number): string {
  return line.slice(line[from] === " " ? from + 1 : from);
}

function errorEvent(text: string): string {
  try {
    return JSON.stringify({ error: JSON.parse(text) });
  } catch {
    return JSON.stringify({ error: text });
  }
}
