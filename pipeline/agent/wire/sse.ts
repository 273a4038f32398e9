// Server-sent events: the data of each event, comments and other fields left out.
import { Failure } from "../failure.ts";
import { type LineReader, lineReader, MOST_LINE_BYTES } from "./lines.ts";

/** A reader that gives the data of every event that a blank line has completed. A Failure of class in_stream refuses one above 8 MiB. */
export function sseReader(): LineReader {
  const lines = lineReader();
  let data: string[] = [];
  let length = 0;
  const keep = (text: string) => {
    length += text.length + 1;
    if (length > MOST_LINE_BYTES + 1) {
      throw new Failure("in_stream", "an event of the answer is longer than 8 MiB");
    }
    data.push(text);
  };
  const take = (line: string, events: string[]) => {
    if (line === "") {
      const event = data.length === 1 ? data[0] ?? "" : data.join("\n");
      data = [];
      length = 0;
      if (event !== "") events.push(event);
    } else if (line.startsWith("data:")) {
      keep(line.slice(line[5] === " " ? 6 : 5));
    } else if (line === "data") {
      keep("");
    } else if (line.startsWith("error:")) {
      // Builds of llama-server send an error as a field of its own instead of data.
      keep(`{"error":${line.slice(6)}}`);
    }
  };
  const takeAll = (all: readonly string[]) => {
    const events: string[] = [];
    for (const line of all) take(line, events);
    return events;
  };
  return {
    push: (bytes) => takeAll(lines.push(bytes)),
    end: () => takeAll([...lines.end(), ""]),
    isEmpty: () => data.length === 0 && lines.isEmpty(),
  };
}
