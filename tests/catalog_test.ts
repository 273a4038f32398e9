// The shipped catalogue: every figure has its source, every name means one thing, and what was published is in it.
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gpuNamed, readCatalog } from "../pipeline/lib/catalog.ts";
import { pathsOf } from "../pipeline/paths.ts";
import { PublishedFile } from "../pipeline/schema/summary.ts";
import { cli } from "./e2e/cli.ts";
import { directory, temporaryRoot } from "./fixtures.ts";

const repository = dirname(dirname(fileURLToPath(import.meta.url)));
const catalog = await readCatalog(pathsOf());

Deno.test("every GPU and model cites where its figures stand, and is there once", () => {
  for (const family of [catalog.gpus, catalog.models]) {
    for (const { name, source } of family) match(source, /https:\/\/\S+\.\S+/, name);
    equal(new Set(family.map(({ name }) => name)).size, family.length);
  }
});

Deno.test("every GPU is found by its own name and by its driver's", () => {
  for (const { name } of catalog.gpus) equal(gpuNamed(catalog, name)?.name, name);
  const drivers = {
    "NVIDIA GeForce RTX 3090": "RTX 3090",
    "NVIDIA GeForce RTX 5070 Ti": "RTX 5070 Ti",
    "NVIDIA A100-SXM4-80GB": "A100 80GB SXM",
    "NVIDIA A100 80GB PCIe": "A100 80GB PCIe",
    "NVIDIA H100 80GB HBM3": "H100 SXM",
    "NVIDIA H200 NVL": "H200 NVL",
    "NVIDIA GeForce RTX 5090 Laptop GPU": undefined,
    "NVIDIA A100-SXM4-64GB": undefined,
  };
  for (const [driver, name] of Object.entries(drivers)) equal(gpuNamed(catalog, driver)?.name, name, driver);
});

Deno.test("the size of every model grows with the bits of its quantisation, the plain one included", () => {
  for (const { name, parameters, quantization, sizes_gb } of catalog.models) {
    ok(sizes_gb[quantization] !== undefined, name);
    const bits = Object.entries(sizes_gb).map(([kind, size]) => [kind, size * 8e9 / parameters] as const);
    for (const [kind, each] of bits) {
      const nominal = Number(/\d+/.exec(kind)?.[0]);
      ok(
        each > nominal * 0.9 && each < nominal * 1.9 + 1,
        `${name} ${kind}: ${each.toFixed(1)} bits a parameter`,
      );
    }
  }
});

Deno.test("every GPU and model of the published results is in the catalogue", async () => {
  for await (const { name } of Deno.readDir(join(repository, "data", "published"))) {
    const text = await Deno.readTextFile(join(repository, "data", "published", name));
    const { results, picks } = PublishedFile.parse(JSON.parse(text));
    const gpus = [...results.map(({ hardware }) => hardware.gpu_name), ...picks.map(({ gpu }) => gpu)];
    deepEqual(gpus.filter((gpu) => gpuNamed(catalog, gpu)?.name !== gpu), []);
    const known = new Set(catalog.models.map((model) => model.name));
    deepEqual(results.filter(({ model }) => !known.has(model.name)), []);
  }
});

Deno.test("a catalogue of one's own is used, and refused with its faults when it is not in form", async () => {
  await using root = await temporaryRoot();
  await directory(root.paths.root, "data/catalog", {
    "gpus.json": '{"gpus":[{"name":"RTX 1","vendor":"NVIDIA","year":2026,"memory_gib":-1}]}',
  });
  const { code, err } = await cli("build-data", "--root", root.paths.root);
  equal(code, 2);
  match(
    err,
    /Cannot read \S+gpus\.json: gpus\[0\]\.memory_gib: it is -1, it must be above 0; .*memory_type: it is missing/,
  );
});
