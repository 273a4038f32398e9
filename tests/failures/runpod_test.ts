// A pod of another maker's image, from the plan to its end: what is said before, and how long its SSH server is waited for.
import { equal } from "node:assert/strict";
import { OfferLimits } from "../../pipeline/schema/offer.ts";
import { stockOf } from "../cloud/stock.ts";
import { setStage } from "../faults/stage.ts";
import { run, succeeded, TEST, tidy } from "./trial.ts";

const IMAGE = "vllm/vllm-openai:latest";
const CARD = "NVIDIA GeForce RTX 4090";

Deno.test("a pod of another image is told of beforehand, and its sshd is waited for while it is installed", async () => {
  await using stage = await setStage({
    clouds: {
      runpod: {
        stock: [stockOf(`SECURE/US-TX-3/${CARD}`, "RTX 4090", { location: "US-TX-3" })],
        machines: () => ({ ssh: { lateSeconds: 150 } }),
      },
    },
    tests: [{ ...TEST, providers: ["runpod"], offers: OfferLimits.parse({ image: IMAGE }) }],
  });
  let refusals = 0;
  const result = await run(stage, {
    // More than any other machine is given.
    refused: (time) => refusals++ === 0 && time.skip(200),
  });
  await succeeded(result, result.rows[0], `SECURE/US-TX-3/${CARD}`, 1);
  equal(result.said.filter((line) => line.startsWith(`RunPod starts ${IMAGE} with`)).length, 1);
  tidy(result);
});
