// What a login shell prints of itself, such as an `echo` in .bashrc, is not what a script prints.
import { Buffer } from "node:buffer";

export interface Ungreeted {
  /** Says where its own output begins. */
  readonly script: string;
  /** Leaves out all that comes before. */
  own(stream: ReadableStream<Uint8Array>): ReadableStream<Uint8Array>;
}

/** A script whose output can be told from a greeting. */
export function ungreeted(script: string): Ungreeted {
  const mark = crypto.randomUUID();
  return {
    script: `printf '\\n%s\\n' ${mark}\n${script}`,
    own: (stream) => stream.pipeThrough(afterMark(`\n${mark}\n`)),
  };
}

function afterMark(mark: string): TransformStream<Uint8Array, Uint8Array> {
  /** The end of what came, in which the mark may begin; null once it has come. */
  let end: Uint8Array | null = new Uint8Array();
  return new TransformStream({
    transform(bytes, controller) {
      if (end === null) return controller.enqueue(bytes);
      const come = Buffer.concat([end, bytes]);
      const at = come.indexOf(mark);
      if (at < 0) {
        end = come.subarray(-mark.length);
        return;
      }
      end = null;
      controller.enqueue(come.subarray(at + mark.length));
    },
  });
}
