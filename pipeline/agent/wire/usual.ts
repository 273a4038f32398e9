// Most frames of a stream differ in their text alone. One that has the bytes of the last such frame around its text says the
// same as that one and need not be parsed; whatever else comes is read in full.
import type { Frame, FrameReader } from "./frame.ts";

const TEXT = /"(?:content|text|reasoning|reasoning_content)":"([^"\\]+)"/;
const [SPACE, QUOTE, BACKSLASH] = [0x20, 0x22, 0x5c];
/** A server that changes other fields in every frame is not worth looking for more. */
const MOST_MISSES = 8;
const latin1 = new TextDecoder("latin1");

/** A whole event as it came in one piece, with the place of its text. */
interface Model {
  readonly bytes: Uint8Array;
  /** Where its text begins, and how many bytes stand behind it. */
  readonly from: number;
  readonly behind: number;
  readonly frame: Frame;
}

/** Reads as `reader` does, which tells by `isEmpty` that it holds nothing back. */
export function usualReader(reader: FrameReader, isEmpty: () => boolean): FrameReader {
  let model: Model | null = null;
  let misses = 0;
  let begun = false;
  return {
    push(bytes) {
      const whole = begun && isEmpty();
      if (whole && model !== null && isLike(bytes, model)) return [frameOf(bytes, model)];
      const frames = reader.push(bytes);
      if (whole && misses < MOST_MISSES && isEmpty()) {
        const next = modelOf(bytes, frames);
        if (next !== null && model !== null) misses += 1;
        model = next ?? model;
      }
      begun = true;
      return frames;
    },
    end: () => reader.end(),
  };
}

/** Null unless `bytes` are one frame that says nothing but text. */
function modelOf(bytes: Uint8Array, frames: Frame[]): Model | null {
  const [frame, ...others] = frames;
  if (frame === undefined || others.length > 0 || !frame.text || Object.keys(frame).length > 3) return null;
  const found = TEXT.exec(latin1.decode(bytes));
  if (found === null) return null;
  const text = found[1] ?? "";
  const from = found.index + found[0].length - 1 - text.length;
  return { bytes: bytes.slice(), from, behind: bytes.length - from - text.length, frame };
}

/** The frame of bytes that differ from the model's in their text. */
function frameOf({ length }: Uint8Array, { bytes, frame }: Model): Frame {
  return { ...frame, bytes: (frame.bytes ?? 0) + length - bytes.length };
}

function isLike(bytes: Uint8Array, { bytes: known, from, behind }: Model): boolean {
  const end = bytes.length - behind;
  if (end <= from) return false;
  for (let at = 0; at < from; at++) if (bytes[at] !== known[at]) return false;
  const shift = known.length - bytes.length;
  for (let at = end; at < bytes.length; at++) if (bytes[at] !== known[at + shift]) return false;
  for (let at = from; at < end; at++) {
    const byte = bytes[at] ?? 0;
    if (byte < SPACE || byte === QUOTE || byte === BACKSLASH) return false;
  }
  return true;
}
