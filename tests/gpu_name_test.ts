// Names of GPUs: what a driver says against what a matrix asks for.
import { equal } from "node:assert/strict";
import { isGpu } from "../pipeline/schema/gpu_name.ts";

for (
  const [name, driverName, same] of [
    ["RTX 4090", "NVIDIA GeForce RTX 4090", true],
    ["RTX 4090", "NVIDIA GeForce RTX 4090 Laptop GPU", false],
    ["RTX 4090", "NVIDIA GeForce RTX 4090 D", false],
    ["RTX 5070", "NVIDIA GeForce RTX 5070 Ti", false],
    ["RTX 5070 Ti", "NVIDIA GeForce RTX 5070 Ti", true],
    ["RTX 5070 Ti", "NVIDIA GeForce RTX 5070", false],
    ["A100 80GB", "NVIDIA A100-SXM4-80GB", true],
    ["A100 80GB", "NVIDIA A100 80GB PCIe", true],
    ["A100 80GB", "NVIDIA A100-SXM4-40GB", false],
    ["H100", "NVIDIA H100 80GB HBM3", true],
    ["H100", "NVIDIA H100 PCIe", true],
    ["H100", "NVIDIA H100 NVL", false],
    ["H200", "NVIDIA H200", true],
    ["H200", "NVIDIA H200 NVL", false],
    ["H200 NVL", "NVIDIA H200 NVL", true],
    ["L4", "NVIDIA L4", true],
    ["L4", "NVIDIA L40S", false],
    ["L40S", "NVIDIA L40", false],
  ] as const
) {
  Deno.test(`${driverName} is ${same ? "" : "not "}a ${name}`, () => equal(isGpu(name, driverName), same));
}
