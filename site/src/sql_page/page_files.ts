// The files that the SQL page loads, with what it knows of them before.

/** A file below the page's folder. */
export interface PageFile {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** What the page is built with, carried by its `data-files`. */
export interface PageFiles {
  /** The engine as WebAssembly, gzip-compressed, without a content encoding. */
  readonly engine: PageFile;
  readonly worker: PageFile;
  readonly database: PageFile;
  /** The page's own scripts, those that are loaded later included; paths below its folder. */
  readonly scripts: readonly string[];
}
