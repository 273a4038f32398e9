// What this site's data is described by.
import { benchmarks, index } from "./data.ts";
import type { Described } from "./dataset.ts";
import { dictionary, partFiles, wholeFiles } from "./files.ts";
import { siteUrl } from "./site_url.ts";

const [newest, oldest] = [benchmarks[0], benchmarks.at(-1)];

export const described: Described = {
  files: [...wholeFiles, ...partFiles],
  dictionary,
  version: index.data_version,
  span: newest === undefined || oldest === undefined ? null : [oldest.timestamp, newest.timestamp],
  siteUrl,
};
