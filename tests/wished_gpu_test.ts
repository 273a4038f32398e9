// What a matrix means by the name of a GPU: a card of the catalogue, a family, one that the catalogue lacks, or a mistake.
import { deepEqual, equal, match, throws } from "node:assert/strict";
import { readCatalog } from "../pipeline/lib/catalog.ts";
import { pathsOf } from "../pipeline/paths.ts";
import { fitOf } from "../pipeline/plan/fit.ts";
import { admit, objectToSize } from "../pipeline/plan/plan.ts";
import { unlisted, wishedGpu } from "../pipeline/plan/wished_gpu.ts";
import { rentedEntry } from "./rented_fixtures.ts";

const catalog = await readCatalog(pathsOf());
const AT = "tests[0].gpus[1]";
const known = catalog.gpus.map(({ name }) => name);

Deno.test("a known name stays, and a driver's or a provider's becomes the catalogue's", () => {
  for (const name of ["RTX 4090", "H100", "H100 PCIe", "any"]) equal(wishedGpu(name, known, AT), name);
  const others = {
    "rtx4090": "RTX 4090",
    "NVIDIA RTX 6000 Ada Generation": "RTX 6000 Ada",
    "H100 SXM5": "H100 SXM",
    "A100 SXM4 80GB": "A100 80GB SXM",
    "RTX PRO 6000 S": "RTX PRO 6000 Server",
  };
  for (const [told, name] of Object.entries(others)) equal(wishedGpu(told, known, AT), name);
});

Deno.test("what looks like a mistake for a known name is refused with the nearest and the way to insist", () => {
  for (
    const [told, nearest] of [["RTX 409O", "RTX 4090"], ["H10O", "H100"], ["RTX 4009", "RTX 4"], [
      "RTX 9999",
      "RTX ",
    ]]
  ) {
    const fault = refusalOf(told ?? "");
    equal(fault.message, `Cannot plan the matrix: tests[0].gpus[1]: unknown GPU "${told}"`);
    match(
      fault.hint ?? "",
      new RegExp(
        `^Known GPUs, nearest first: ${nearest}.*If a provider calls a card just so, write "name:${told}"\\.$`,
      ),
    );
  }
  match(refusalOf("the fast one").message, /unknown GPU "the fast one"/);
});

Deno.test("a name that may be several cards is refused with them", () => {
  const { message, hint = "" } = refusalOf("A100");
  match(message, /the GPU "A100" may be A100 40GB, A100 80GB$/);
  match(hint, /^Name one of them\./);
  match(refusalOf("A100 SXM4").message, /may be A100 40GB SXM, A100 80GB SXM$/);
});

Deno.test("another card is asked for by the provider's own name, one near a known name only where that is insisted on", () => {
  equal(wishedGpu("AMD Radeon RX 7900 XTX", known, AT), "AMD Radeon RX 7900 XTX");
  match(refusalOf("Tesla M60").message, /unknown GPU "Tesla M60"/);
  equal(wishedGpu("name:Tesla M60", known, AT), "Tesla M60");
  equal(wishedGpu("name: A100 SXM4", known, AT), "A100 SXM4");
  for (const none of ["name:", "name: ", "name:any"]) match(refusalOf(none).message, /names no GPU$/);
  deepEqual(unlisted(["H100", "Tesla M60", "any", "Tesla M60"], known), ["Tesla M60"]);
});

Deno.test("whether a model fits a card that the catalogue lacks is not known, and does not leave it out", () => {
  const entry = rentedEntry("e", { gpu: "Tesla M60", model: "deepseek-r1:70b" });
  equal(fitOf(entry, catalog), null);
  deepEqual(admit([entry], [objectToSize(catalog)]).left, []);
});

Deno.test("a family has the memory of its cards and the bandwidth of its fastest, and leaves its form open", () => {
  const of = (name: string) => catalog.gpus.find((gpu) => gpu.name === name);
  const [h100, sxm, pcie] = [of("H100"), of("H100 SXM"), of("H100 PCIe")];
  deepEqual([h100?.memory_gib, h100?.form_factor], [80, undefined]);
  deepEqual([h100, sxm, pcie].map((gpu) => gpu?.memory_bandwidth_gb_s), [3350, 3350, 2000]);
  match(h100?.note ?? "", /^Any of H100 SXM, H100 PCIe; the figures are those of H100 SXM\./);
});

function refusalOf(told: string): Error & { hint?: string } {
  let fault: Error & { hint?: string } = new Error("it was not refused");
  throws(() => wishedGpu(told, known, AT), (error: Error & { hint?: string }) => {
    fault = error;
    return true;
  });
  return fault;
}
