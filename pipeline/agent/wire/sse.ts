// Server-sent events: the data of each event, comments and other fields left out.
import { type LineReader, lineReader } from "./lines.ts";

/** A reader that gives the data of every event that a blank line has completed. */
export function sseReader(): LineReader {
  const lines = lineReader();
  let data: string[] = [];
  const take = (line: string): string[] => {
    if (line === "") {
      const event = data.join("\n");
      data = [];
      return event === "" ? [] : [event];
    }
    if (line.startsWith("data:")) data.push(line.slice(line[5] === " " ? 6 : 5));
    return [];
  };
  return {
    push: (bytes) => lines.push(bytes).flatMap(take),
    end: () => [...lines.end(), ""].flatMap(take),
  };
}
