// Names of GPUs: what drivers, providers and tools say against what the catalogue and a matrix say.
import { deepEqual, equal, ok } from "node:assert/strict";
import { readCatalog } from "../pipeline/lib/catalog.ts";
import { pathsOf } from "../pipeline/paths.ts";
import { catalogName, isGpu, vastNames } from "../pipeline/schema/gpu_name.ts";
import { GPU_FAMILIES, GPU_NAMES } from "../pipeline/schema/gpu_names.ts";

const { gpus } = await readCatalog(pathsOf());

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
    ["RTX 6000 Ada", "NVIDIA RTX 6000 Ada Generation", true],
    ["RTX 6000 Ada", "NVIDIA RTX A6000", false],
    ["RTX 6000 Ada", "Quadro RTX 6000", false],
    ["RTX 6000 Ada", "NVIDIA RTX PRO 6000 Blackwell Workstation Edition", false],
    ["RTX A6000", "NVIDIA RTX 6000 Ada Generation", false],
    ["RTX PRO 6000", "NVIDIA RTX PRO 6000 Blackwell Server Edition", true],
    ["RTX PRO 6000 Workstation", "NVIDIA RTX PRO 6000 Blackwell Server Edition", false],
    ["RTX PRO 6000 Workstation", "NVIDIA RTX PRO 6000 Blackwell Max-Q Workstation Edition", false],
    ["RTX 4070 Ti", "NVIDIA GeForce RTX 4070 Ti SUPER", false],
    ["RTX 4070 Super", "NVIDIA GeForce RTX 4070 Ti SUPER", false],
    ["RTX 4070 Ti Super", "RTX 4070S Ti", true],
    ["RTX 4070 Ti Super", "RTX 4070 Ti", false],
    ["H100 PCIe", "NVIDIA H100 80GB HBM3", false],
    ["H100 SXM", "NVIDIA H100 PCIe", false],
    ["H100", "NVIDIA GH200 480GB", false],
    ["H100 NVL", "NVIDIA H100 PCIe", false],
    ["GH200", "NVIDIA GH200 144G HBM3e", false],
    ["GB200", "NVIDIA B200", false],
    ["A100 80GB PCIe", "NVIDIA A100-SXM4-80GB", false],
    ["A10", "NVIDIA A10G", false],
    ["A10", "NVIDIA A100-PCIE-40GB", false],
    ["A40", "NVIDIA A40-16Q", false],
    ["V100 32GB", "Tesla V100S-PCIE-32GB", false],
    ["V100 16GB", "Tesla V100-SXM2-32GB", false],
    ["RTX 3080", "NVIDIA GeForce RTX 3080 Ti", false],
    ["RTX 3080", "NVIDIA GeForce RTX 3080 Laptop GPU", false],
    ["RTX PRO 5000", "NVIDIA RTX PRO 5000 Blackwell Generation Laptop GPU", false],
    ["RTX A2000", "NVIDIA RTX A2000 12GB", false],
    ["MI300X", "AMD Instinct MI325X", false],
    ["MI250", "AMD Instinct MI250X", false],
    ["H100", "NVIDIA H100 80GB HBM3 MIG 1g.10gb", false],
    ["Tesla M60", "Tesla M60", true],
    ["Tesla M60", "NVIDIA Tesla M60", true],
    ["Tesla M60", "NVIDIA Tesla M40", false],
    ["constructor", "NVIDIA L4", false],
  ] as const
) {
  Deno.test(`${driverName} is ${same ? "" : "not "}a ${name}`, () => equal(isGpu(name, driverName), same));
}

/** Told by nvidia-smi, amd-smi, hl-smi, Vast.ai, RunPod, Lambda, TensorDock, SkyPilot, gpuhunt, Google and MLPerf. */
const TOLD: Readonly<Record<string, readonly string[]>> = {
  "RTX 2080 Ti": ["NVIDIA GeForce RTX 2080 Ti", "GeForce RTX 2080 Ti", "RTX2080Ti"],
  "RTX 3060": ["NVIDIA GeForce RTX 3060", "RTX3060"],
  "RTX 3060 Ti": ["NVIDIA GeForce RTX 3060 Ti", "RTX 3060 Ti"],
  "RTX 3070": ["NVIDIA GeForce RTX 3070"],
  "RTX 3070 Ti": ["NVIDIA GeForce RTX 3070 Ti", "RTX3070Ti"],
  "RTX 3080": ["NVIDIA GeForce RTX 3080", "RTX 3080"],
  "RTX 3080 12GB": ["RTX 3080 12GB"],
  "RTX 3080 Ti": ["NVIDIA GeForce RTX 3080 Ti"],
  "RTX 3090": ["NVIDIA GeForce RTX 3090", "geforcertx3090-pcie-24gb", "NVIDIA GeForce RTX 3090 PCIe 24GB"],
  "RTX 3090 Ti": ["NVIDIA GeForce RTX 3090 Ti"],
  "RTX 4060 Ti 16GB": ["RTX 4060 Ti 16GB"],
  "RTX 4070": ["NVIDIA GeForce RTX 4070"],
  "RTX 4070 Super": ["NVIDIA GeForce RTX 4070 SUPER", "RTX 4070S"],
  "RTX 4070 Ti": ["NVIDIA GeForce RTX 4070 Ti"],
  "RTX 4070 Ti Super": ["NVIDIA GeForce RTX 4070 Ti SUPER", "RTX 4070S Ti"],
  "RTX 4080": ["NVIDIA GeForce RTX 4080", "geforcertx4080-pcie-16gb"],
  "RTX 4080 Super": ["NVIDIA GeForce RTX 4080 SUPER", "RTX 4080S", "RTX 4080 SUPER"],
  "RTX 4090": [
    "NVIDIA GeForce RTX 4090",
    "NVIDIA-GeForce-RTX-4090",
    "RTX_4090",
    "geforcertx4090-pcie-24gb",
    "NVIDIA GeForce RTX 4090 PCIe 24GB",
  ],
  "RTX 4090 D": ["NVIDIA GeForce RTX 4090 D", "RTX 4090D"],
  "RTX 5060 Ti": ["NVIDIA GeForce RTX 5060 Ti", "NVIDIA GeForce RTX 5060 Ti PCIe 16GB"],
  "RTX 5060 Ti 8GB": ["geforcertx5060ti-pcie-8gb"],
  "RTX 5070 Ti": ["NVIDIA GeForce RTX 5070 Ti"],
  "RTX 5080": ["NVIDIA GeForce RTX 5080"],
  "RTX 5090": ["NVIDIA GeForce RTX 5090", "geforcertx5090-pcie-32gb"],
  "Quadro RTX 5000": ["Quadro RTX 5000", "Q RTX 5000"],
  "Quadro RTX 6000": ["Quadro RTX 6000", "Q RTX 6000", "RTX 6000 (24 GB)", "RTX6000"],
  "Quadro RTX 8000": ["Quadro RTX 8000", "Q RTX 8000"],
  "RTX A2000": ["NVIDIA RTX A2000"],
  "RTX A2000 12GB": ["NVIDIA RTX A2000 12GB"],
  "RTX A4000": ["NVIDIA RTX A4000", "rtxa4000-pcie-16gb", "A4000", "RTXA4000"],
  "RTX A4500": ["NVIDIA RTX A4500", "NVIDIA  RTX A4500"],
  "RTX A5000": ["NVIDIA RTX A5000", "NVIDIA RTX A5000 PCIe 24GB"],
  "RTX A6000": ["NVIDIA RTX A6000", "A6000 (48 GB)", "rtxa6000-pcie-48gb"],
  "RTX 2000 Ada": ["NVIDIA RTX 2000 Ada Generation", "RTX 2000Ada"],
  "RTX 4000 Ada": ["NVIDIA RTX 4000 Ada Generation", "RTX4000-Ada"],
  "RTX 4000 SFF Ada": ["NVIDIA RTX 4000 SFF Ada Generation", "RTX 4000 Ada SFF"],
  "RTX 5000 Ada": ["NVIDIA RTX 5000 Ada Generation", "rtx5000ada-pcie-32gb", "NVIDIA RTX 5000 ADA PCIe 32GB"],
  "RTX 5880 Ada": ["NVIDIA RTX 5880 Ada Generation", "RTX 5880Ada"],
  "RTX 6000 Ada": [
    "NVIDIA RTX 6000 Ada Generation",
    "RTX 6000Ada",
    "RTX6000-Ada",
    "rtx6000ada-pcie-48gb",
    "NVIDIA RTX 6000 ADA PCIe 48GB",
  ],
  "RTX PRO 4000": ["NVIDIA RTX PRO 4000 Blackwell", "RTX PRO 4000"],
  "RTX PRO 4500": ["NVIDIA RTX PRO 4500 Blackwell"],
  "RTX PRO 5000": ["NVIDIA RTX PRO 5000 Blackwell", "RTX PRO 5000"],
  "RTX PRO 5000 72GB": ["NVIDIA RTX PRO 5000 72GB Blackwell"],
  "RTX PRO 6000": ["NVIDIA RTX PRO 6000", "RTX PRO 6000 Blackwell", "NVIDIA RTX PRO 6000 PCIe 96GB"],
  "RTX PRO 6000 Workstation": ["NVIDIA RTX PRO 6000 Blackwell Workstation Edition", "RTX PRO 6000 WS"],
  "RTX PRO 6000 Max-Q": [
    "NVIDIA RTX PRO 6000 Blackwell Max-Q Workstation Edition",
    "RTX PRO 6000 MaxQ",
  ],
  "RTX PRO 6000 Server": ["NVIDIA RTX PRO 6000 Blackwell Server Edition", "RTX PRO 6000 S"],
  "P100": ["Tesla P100"],
  "P100 PCIe": ["Tesla P100-PCIE-16GB"],
  "P100 PCIe 12GB": ["Tesla P100-PCIE-12GB"],
  "P100 SXM": ["Tesla P100-SXM2-16GB"],
  "P40": ["Tesla P40", "NVIDIA P40"],
  "V100 16GB": ["Tesla V100 (16 GB)"],
  "V100 16GB SXM": ["Tesla V100-SXM2-16GB", "v100-sxm2-16gb"],
  "V100 16GB PCIe": ["Tesla V100-PCIE-16GB", "Tesla V100-FHHL-16GB"],
  "V100 32GB SXM": ["Tesla V100-SXM2-32GB"],
  "V100 32GB PCIe": ["Tesla V100-PCIE-32GB"],
  "V100S": ["Tesla V100S-PCIE-32GB"],
  "T4": ["Tesla T4", "NVIDIA Tesla T4"],
  "A10": ["NVIDIA A10", "A10 (24 GB PCIe)"],
  "A10G": ["NVIDIA A10G"],
  "A16": ["NVIDIA A16"],
  "A30": ["NVIDIA A30"],
  "A40": ["NVIDIA A40", "a40-pcie-48gb"],
  "A100 40GB SXM": ["NVIDIA A100-SXM4-40GB", "A100-SXM4-40GB", "A100 (40 GB SXM4)", "A100 SXM 40GB"],
  "A100 40GB PCIe": ["NVIDIA A100-PCIE-40GB", "A100 (40 GB PCIe)", "A100_PCIE_40GB"],
  "A100 80GB": ["A100-80GB", "A100 (80 GB)"],
  "A100 80GB SXM": ["NVIDIA A100-SXM4-80GB", "A100 (80 GB SXM4)", "a100-sxm4-80gb", "A100-80GB-SXM"],
  "A100 80GB PCIe": ["NVIDIA A100 80GB PCIe"],
  "H100": ["NVIDIA H100", "H100", "H100 80GB"],
  "H100 SXM": ["NVIDIA H100 80GB HBM3", "H100 (80 GB SXM5)", "h100-sxm5-80gb", "H100-SXM5-80GB", "H100-SXM"],
  "H100 PCIe": ["NVIDIA H100 PCIe", "NVIDIA-H100-PCIe", "H100 (80 GB PCIe)", "H100 PCIE"],
  "H100 NVL": ["NVIDIA H100 NVL", "H100-NVL"],
  "H200": ["NVIDIA H200", "H200 SXM", "H200-SXM-141GB"],
  "H200 NVL": ["NVIDIA H200 NVL"],
  "GH200": ["NVIDIA GH200 480GB", "GH200 (96 GB)", "GH200 SXM"],
  "GH200 144GB": ["NVIDIA GH200 144G HBM3e"],
  "B200": ["NVIDIA B200", "B200 (180 GB SXM6)", "B200 SXM6"],
  "B300": ["NVIDIA B300 SXM6 AC", "B300"],
  "GB200": ["NVIDIA GB200"],
  "GB300": ["NVIDIA GB300"],
  "L4": ["NVIDIA L4", "l4-pcie-24gb", "NVIDIA L4 PCIe 24GB"],
  "L40": ["NVIDIA L40"],
  "L40S": ["NVIDIA L40S", "l40s-pcie-48gb"],
  "MI210": ["AMD Instinct MI210"],
  "MI250X": ["AMD Instinct MI250X", "AMD INSTINCT MI250X"],
  "MI300X": [
    "AMD Instinct MI300X OAM",
    "AMD Instinct MI300X",
    "AMD Instinct MI300X VF",
    "AMD Instinct MI300X 192GB HBM3",
  ],
  "MI325X": ["AMD Instinct MI325X", "AMD Instinct MI325X 256GB HBM3e"],
  "MI355X": ["AMD Instinct MI355X", "AMD Instinct MI355X 288GB HBM3e"],
  "Gaudi 3": ["Gaudi3", "HL-325L", "Intel Gaudi 3"],
};

for (const [name, told] of Object.entries(TOLD)) {
  Deno.test(`a ${name} is known by ${told.join(", ")}`, () => {
    for (const each of told) equal(catalogName(each), name, each);
  });
}

Deno.test("more than a hundred told names are held", () => ok(Object.values(TOLD).flat().length > 150));

Deno.test("a name that several cards have is told apart by the memory, and is none where nothing tells them apart", () => {
  for (
    const [told, gib, name] of [
      ["A100 SXM4", 80, "A100 80GB SXM"],
      ["A100 SXM4", 39.6, "A100 40GB SXM"],
      ["A100 SXM4", null, null],
      ["A100 SXM4", 64, null],
      ["A100", 79.2, "A100 80GB"],
      ["A100", null, null],
      ["Tesla V100", 16, "V100 16GB"],
      ["NVIDIA GeForce RTX 3080", 10, "RTX 3080"],
      ["NVIDIA GeForce RTX 3080", 12, "RTX 3080 12GB"],
      ["NVIDIA GeForce RTX 4060 Ti", 15.99, "RTX 4060 Ti 16GB"],
      ["NVIDIA GeForce RTX 5060 Ti", 7.96, "RTX 5060 Ti 8GB"],
      ["NVIDIA GeForce RTX 5060 Ti", null, "RTX 5060 Ti"],
      ["NVIDIA GH200 480GB", 95.6, "GH200"],
      ["NVIDIA A100-SXM4-80GB", 24, "A100 80GB SXM"],
    ] as const
  ) equal(catalogName(told, gib), name, `${told} of ${gib} GiB`);
  equal(isGpu("RTX 3080 12GB", "RTX 3080"), true);
  equal(isGpu("RTX 3080 12GB", "RTX 3080", 10), false);
});

Deno.test("other cards and machines without one are none of the catalogue", () => {
  const others = [
    "Tesla M60",
    "NVIDIA GeForce RTX 4090 Laptop GPU",
    "A100X",
    "NVIDIA A16-16Q",
    "2 × NVIDIA L4 + Tesla T4",
  ];
  for (
    const told of [...others, "", "unknown", "AMD EPYC (CPU)", "constructor", "Apple M3 Max (40-core GPU)"]
  ) {
    equal(catalogName(told), null, told);
  }
});

Deno.test("the table names the cards of the catalogue, and a size in a name is that of the card", () => {
  const named = [...Object.keys(GPU_NAMES), ...Object.keys(GPU_FAMILIES)];
  deepEqual(named.toSorted(), gpus.map(({ name }) => name).toSorted());
  for (const { name, memory_gib } of gpus) {
    const size = /(\d+)GB/.exec(name)?.[1];
    if (size !== undefined) equal(Number(size), memory_gib, name);
    equal(catalogName(name), name);
  }
});

Deno.test("cards that share a name differ in form, or in a memory that their names tell", () => {
  for (const [family, members] of Object.entries(GPU_FAMILIES)) {
    const cards = gpus.filter(({ name }) => members.includes(name));
    equal(new Set(cards.map(({ memory_gib }) => memory_gib)).size, 1, family);
    equal(cards.length, members.length, family);
  }
});

Deno.test("Vast.ai is asked for every form of a family, and for an unlisted card by its own name", () => {
  deepEqual(vastNames("H100"), ["H100 SXM", "H100 PCIE"]);
  deepEqual(vastNames("RTX PRO 6000"), ["RTX PRO 6000 WS", "RTX PRO 6000 MaxQ", "RTX PRO 6000 S"]);
  deepEqual(vastNames("Tesla M60"), ["Tesla M60"]);
  deepEqual(vastNames("A100 SXM4"), ["A100 SXM4"]);
});
