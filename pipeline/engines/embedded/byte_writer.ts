// A growing little-endian buffer with GGUF's primitives: bare values, and values preceded by their type number.

const UINT32 = 4, INT32 = 5, FLOAT32 = 6, STRING = 8, ARRAY = 9, UINT64 = 10;

/** Appends GGUF primitives; `bytes()` gives what was written so far. */
export class ByteWriter {
  #buffer = new ArrayBuffer(1 << 16);
  #view = new DataView(this.#buffer);
  #length = 0;

  ascii(text: string): void {
    this.#append(new TextEncoder().encode(text));
  }

  uint32(value: number): void {
    const at = this.#grow(4);
    this.#view.setUint32(at, value, true);
  }

  uint64(value: number): void {
    const at = this.#grow(8);
    this.#view.setBigUint64(at, BigInt(value), true);
  }

  string(text: string): void {
    const bytes = new TextEncoder().encode(text);
    this.uint64(bytes.length);
    this.#append(bytes);
  }

  stringValue(text: string): void {
    this.uint32(STRING);
    this.string(text);
  }

  uint32Value(value: number): void {
    this.uint32(UINT32);
    this.uint32(value);
  }

  uint64Value(value: number): void {
    this.uint32(UINT64);
    this.uint64(value);
  }

  float32Value(value: number): void {
    this.uint32(FLOAT32);
    this.#float32(value);
  }

  stringsValue(values: readonly string[]): void {
    this.#array(STRING, values, (value) => this.string(value));
  }

  float32sValue(values: readonly number[]): void {
    this.#array(FLOAT32, values, (value) => this.#float32(value));
  }

  int32sValue(values: readonly number[]): void {
    this.#array(INT32, values, (value) => this.uint32(value));
  }

  /** Zero bytes up to the next multiple of `alignment`. */
  pad(alignment: number): void {
    this.#grow((alignment - this.#length % alignment) % alignment);
  }

  bytes(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#buffer, 0, this.#length);
  }

  #array<T>(type: number, values: readonly T[], write: (value: T) => void): void {
    this.uint32(ARRAY);
    this.uint32(type);
    this.uint64(values.length);
    values.forEach(write);
  }

  #float32(value: number): void {
    const at = this.#grow(4);
    this.#view.setFloat32(at, value, true);
  }

  #append(bytes: Uint8Array): void {
    const at = this.#grow(bytes.length);
    new Uint8Array(this.#buffer).set(bytes, at);
  }

  #grow(bytes: number): number {
    const at = this.#length;
    this.#length += bytes;
    if (this.#length > this.#buffer.byteLength) {
      this.#buffer = this.#buffer.transfer(Math.max(this.#length, this.#buffer.byteLength * 2));
      this.#view = new DataView(this.#buffer);
    }
    return at;
  }
}
