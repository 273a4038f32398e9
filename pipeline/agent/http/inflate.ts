// Bodies that a server compressed although it was asked not to.
import { Failure } from "../failure.ts";

const FORMATS: Readonly<Record<string, string>> = {
  gzip: "gzip",
  "x-gzip": "gzip",
  deflate: "deflate",
  br: "brotli",
};

/** Unpacks what is pushed and gives it on, with the time of the push that brought it. */
export interface Inflater {
  /** A Failure of class truncated says that `packed` is broken; what `take` throws comes out here too. */
  push(packed: Uint8Array, at: number): Promise<void>;
  /** All that is left has been given on when this resolves. */
  end(): Promise<void>;
  /** Gives it up. */
  drop(): void;
}

/** Null when `encoding` leaves bytes as they are. A Failure of class http names an encoding that this Deno lacks. */
export function inflater(
  encoding: string | undefined,
  take: (bytes: Uint8Array, at: number) => void,
): Inflater | null {
  const name = (encoding ?? "").toLowerCase();
  if (name === "" || name === "identity") return null;
  const { readable, writable } = decompression(name);
  const writer = writable.getWriter();
  let time = 0;
  let refused: unknown = null;
  const pump = async () => {
    for await (const bytes of readable) {
      try {
        take(bytes, time);
      } catch (error) {
        refused = error;
        throw error;
      }
    }
  };
  const pumped = pump();
  const guard = async (step: Promise<unknown>) => {
    try {
      await step;
    } catch (error) {
      throw refused ?? new Failure("truncated", `the ${name} body of the answer is broken: ${error}`);
    }
  };
  pumped.catch(() => undefined);
  return {
    push(packed, at) {
      time = at;
      return guard(Promise.race([writer.write(packed.slice()), pumped]));
    },
    end: () => guard(Promise.all([writer.close(), pumped])),
    drop: () => void writer.abort().catch(() => undefined),
  };
}

function decompression(name: string): DecompressionStream {
  try {
    return new DecompressionStream((FORMATS[name] ?? name) as CompressionFormat);
  } catch {
    throw new Failure("http", `the answer's content-encoding is "${name}", which is not supported`);
  }
}
