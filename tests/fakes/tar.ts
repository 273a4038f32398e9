// Archives for tests, the same bytes each time.

const BLOCK = 512;

/** A tar archive of programs by their path. */
export function tarOf(programs: Readonly<Record<string, string>>): Uint8Array<ArrayBuffer> {
  const blocks = Object.entries(programs).flatMap(([path, text]) => {
    const bytes = new TextEncoder().encode(text);
    const body = new Uint8Array(Math.ceil(bytes.length / BLOCK) * BLOCK);
    body.set(bytes);
    return [headerOf(path, bytes.length), body];
  });
  const all = [...blocks, new Uint8Array(2 * BLOCK)];
  const archive = new Uint8Array(all.reduce((sum, block) => sum + block.length, 0));
  all.reduce((at, block) => (archive.set(block, at), at + block.length), 0);
  return archive;
}

/** The same through gzip. */
export async function packed(programs: Readonly<Record<string, string>>): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([tarOf(programs)]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Where its fields begin: name, mode, owner, group, size, time, sum, type, magic. */
function headerOf(path: string, size: number): Uint8Array {
  const header = new Uint8Array(BLOCK);
  const put = (text: string, at: number) => header.set(new TextEncoder().encode(text), at);
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, "0");
  put(path, 0);
  put(`${octal(0o755, 7)}\0${octal(0, 7)}\0${octal(0, 7)}\0${octal(size, 11)}\0${octal(0, 11)}\0`, 100);
  put("        0", 148);
  put("ustar\x0000", 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  put(`${octal(sum, 6)}\0 `, 148);
  return header;
}
