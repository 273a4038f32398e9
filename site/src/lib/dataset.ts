// What machines are told about the data: schema.org's Dataset and Frictionless' data package. Pure.
import type { Column, PublishedFile } from "./files.ts";
import { unitOf } from "./units.ts";

/** All that both descriptions are made of. */
export interface Described {
  readonly files: readonly PublishedFile[];
  readonly dictionary: Readonly<Record<string, readonly Column[]>>;
  readonly version: string;
  /** Times of the oldest and the newest result, ISO 8601; null when there is none. */
  readonly span: readonly [oldest: string, newest: string] | null;
  /** Address of the site; null when it is not known. */
  readonly siteUrl: string | null;
}

const TITLE = "GPU Almanac: LLM inference benchmarks on rented GPUs";
const DESCRIPTION =
  "Decoding speed, latency, GPU telemetry and cost of language models on rented GPUs: measured, with the raw evidence beside each result, or published by others, with their source.";
const LICENSE = { name: "CC-BY-4.0", path: "https://creativecommons.org/licenses/by/4.0/" };
const FORMATS: Readonly<Record<string, string>> = {
  csv: "text/csv",
  parquet: "application/vnd.apache.parquet",
  json: "application/json",
  duckdb: "application/vnd.duckdb",
};

/** schema.org's Dataset; addresses are relative to the site's root when its own is not known. */
export function schemaOrg({ files, dictionary, version, span, siteUrl }: Described): object {
  const base = siteUrl === null ? "" : `${siteUrl}/`;
  return {
    "@context": "https://schema.org",
    "@type": "Dataset",
    name: TITLE,
    description: DESCRIPTION,
    license: LICENSE.path,
    isAccessibleForFree: true,
    creator: { "@type": "Organization", name: "GPU Almanac" },
    version,
    ...(siteUrl === null ? {} : { url: base }),
    ...(span === null ? {} : { dateModified: span[1], temporalCoverage: span.join("/") }),
    variableMeasured: (dictionary.benchmarks ?? []).filter(({ type }) => type === "DOUBLE").map((column) => ({
      "@type": "PropertyValue",
      name: column.column,
      ...(column.description === null ? {} : { description: column.description }),
      ...(unitOf(column.column) === null ? {} : { unitText: unitOf(column.column) }),
    })),
    distribution: files.map(({ path, bytes, sha256 }) => ({
      "@type": "DataDownload",
      name: path,
      contentUrl: `${base}data/${path}`,
      encodingFormat: FORMATS[extensionOf(path)],
      contentSize: `${bytes} B`,
      sha256,
    })),
  };
}

/** A data package, version 2 of Frictionless' format; it lies in the folder of its files. */
export function dataPackage({ files, dictionary, version, span, siteUrl }: Described): object {
  return {
    $schema: "https://datapackage.org/profiles/2.0/datapackage.json",
    name: "gpu-almanac",
    title: TITLE,
    description: DESCRIPTION,
    version,
    ...(span === null ? {} : { created: span[1] }),
    ...(siteUrl === null ? {} : { homepage: siteUrl }),
    licenses: [LICENSE],
    resources: files.map(({ path, bytes, sha256 }) => {
      const columns = dictionary[path.split(/[./]/)[0] ?? ""];
      const tabular = columns !== undefined && /\.(csv|parquet)$/.test(path);
      return {
        name: path.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-"),
        path,
        format: extensionOf(path),
        mediatype: FORMATS[extensionOf(path)],
        bytes,
        hash: `sha256:${sha256}`,
        ...(tabular ? { type: "table", schema: { fields: columns.map(fieldOf) } } : {}),
      };
    }),
  };
}

function fieldOf({ column, type, description }: Column): object {
  const unit = unitOf(column);
  return {
    name: column,
    type: typeOf(type),
    ...(description === null ? {} : { description }),
    ...(unit === null ? {} : { unit }),
  };
}

/** DuckDB's type in the words of Frictionless. */
function typeOf(type: string): string {
  if (type.endsWith("[]")) return "array";
  if (type.startsWith("STRUCT")) return "object";
  if (type.endsWith("INT") || type === "INTEGER") return "integer";
  const types: Readonly<Record<string, string>> = {
    DOUBLE: "number",
    FLOAT: "number",
    BOOLEAN: "boolean",
    TIMESTAMP: "datetime",
    "TIMESTAMP WITH TIME ZONE": "datetime",
    DATE: "date",
    VARCHAR: "string",
  };
  return types[type] ?? "any";
}

function extensionOf(path: string): string {
  return path.split(".").at(-1) ?? "";
}
