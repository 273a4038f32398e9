// The shipped catalogue: every figure has its source, every name means one thing, and what was published is in it.
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gpuNamed, readCatalog } from "../pipeline/lib/catalog.ts";
import { pathsOf } from "../pipeline/paths.ts";
import { GPU_FAMILIES } from "../pipeline/schema/gpu_names.ts";
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

Deno.test("every card has its form, and its speeds are those without sparsity as far as they show it", () => {
  ok(catalog.gpus.length > 90);
  const families = new Set(Object.keys(GPU_FAMILIES));
  const within = (ratio: number, least: number, most: number, what: string) =>
    ok(!(ratio < least || ratio > most), `${what}: ${ratio}`);
  for (const gpu of catalog.gpus) {
    const { name, vendor, fp16_tflops = NaN, fp8_tflops = NaN, fp4_tflops = NaN, int8_tops = NaN } = gpu;
    equal(gpu.form_factor === undefined, families.has(name) && !name.startsWith("RTX"), name);
    within(fp8_tflops / fp16_tflops, vendor === "Intel" ? 0.99 : 1.9, 2.03, `${name}, FP8 over FP16`);
    within(fp4_tflops / fp8_tflops, 1.9, 4.1, `${name}, FP4 over FP8`);
    within(int8_tops / fp16_tflops, 0.99, 4.03, `${name}, INT8 over FP16`);
    // The fastest of each kind without sparsity, which nobody passed by 2025.
    within(fp16_tflops, 15, 2516, `${name}, FP16`);
    within(gpu.memory_bandwidth_gb_s, 190, 8000, `${name}, memory bandwidth`);
    if (gpu.architecture === "Ampere" || gpu.architecture === "Turing") {
      deepEqual([fp8_tflops, fp4_tflops], [NaN, NaN], name);
    }
    match(gpu.source, new RegExp(`^(${vendor}|GeForce|AMD Instinct)`), name);
  }
});

Deno.test("the forms of a card stand apart, as do its sizes of memory, Ti, Super and those of other markets", () => {
  const names = new Set(catalog.gpus.map(({ name }) => name));
  const asked = [
    ...["H100 SXM", "H100 PCIe", "H100 NVL", "H200", "H200 NVL", "B200", "B300", "GB200", "GH200"],
    ...[
      "A100 40GB SXM",
      "A100 40GB PCIe",
      "A100 80GB SXM",
      "A100 80GB PCIe",
      "V100 16GB",
      "V100 32GB",
      "P100",
      "P40",
    ],
    ...[
      "L4",
      "L40",
      "L40S",
      "T4",
      "A10",
      "A10G",
      "A16",
      "A30",
      "A40",
      "MI210",
      "MI300X",
      "MI355X",
      "Gaudi 3",
    ],
    ...["RTX A2000", "RTX A4000", "RTX A5000", "RTX A6000", "RTX 4000 Ada", "RTX 5000 Ada", "RTX 6000 Ada"],
    ...["RTX PRO 4000", "RTX PRO 4500", "RTX PRO 5000", "RTX PRO 6000 Server", "RTX PRO 6000 Workstation"],
    ...[
      "RTX 2080 Ti",
      "RTX 3060",
      "RTX 3080 Ti",
      "RTX 4070 Ti",
      "RTX 4070 Ti Super",
      "RTX 4090 D",
      "RTX 5080",
    ],
  ];
  deepEqual(asked.filter((name) => !names.has(name)), []);
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
