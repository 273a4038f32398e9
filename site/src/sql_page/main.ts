// Starts the SQL page. Read from a folder on disk this script is not run, and the page says what it needs.
/// <reference lib="dom" />
import { Console } from "./console.ts";
import type { PageFiles } from "./page_files.ts";
import { Loader } from "./loader.ts";
import { openCache } from "./offline.ts";
import { pageElements } from "./page.ts";

if (isSecureContext) {
  const page = pageElements();
  const files: PageFiles = JSON.parse(page.root.dataset.files ?? "");
  const cache = await openCache(files);
  await new Console(page, files, cache, new Loader(files, cache)).open();
}
