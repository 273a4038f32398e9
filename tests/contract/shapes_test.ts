// The simulated clouds against the shapes that we wrote down of the real ones, and TensorDock through its Terraform client's steps.
import { deepEqual, equal } from "node:assert/strict";
import { z } from "zod";
import { type Answered, answersOf } from "./answers.ts";
import { SHAPES } from "./shapes.ts";

for (const [name, shapes] of Object.entries(SHAPES)) {
  Deno.test(`every answer of the simulated ${name} has the shape that was written down, and every shape is met`, async () => {
    const answers = await answersOf(name as "runpod" | "lambda" | "tensordock");
    const faults = answers.flatMap(({ route, status, json }) => {
      const at = `${route} ${status}`;
      const shape = shapes[at];
      if (shape === undefined) return [`${at} is not written down`];
      const reading = shape.safeParse(json);
      return reading.success ? [] : [`${at}: ${z.prettifyError(reading.error)}`];
    });
    deepEqual(faults, []);
    const met = new Set(answers.map(({ route, status }) => `${route} ${status}`));
    deepEqual(Object.keys(shapes).filter((at) => !met.has(at)), []);
  });
}

/** What a client sees of a machine. */
const Seen = z.object({
  status: z.string(),
  rateHourly: z.number(),
  resources: z.object({ vcpu_count: z.int(), ram_gb: z.int(), storage_gb: z.int() }),
});

Deno.test("tensordock's machine is stopped, made larger and started as its Terraform client does it, at the price of each size", async () => {
  const answers = await answersOf("tensordock");
  const after = (route: string, from = 0) =>
    answers.findIndex((each, at) => at >= from && each.route === route);
  const seen = ({ json }: Answered) => Seen.parse(json);
  const of = (at: number) => {
    const next = answers[after("GET /instances/{id}", at)];
    if (next === undefined) throw new Error("it was not looked at");
    return seen(next);
  };
  const small = answers.findLast(({ route }, at) =>
    at < after("GET /instances") && route === "GET /instances/{id}"
  );
  const { rateHourly, ...running } = seen(small as Answered);
  deepEqual(running, { status: "running", resources: { vcpu_count: 8, ram_gb: 32, storage_gb: 200 } });
  equal(rateHourly.toFixed(3), (0.4 + 8 * 0.003 + 32 * 0.002 + 200 * 0.00005).toFixed(3));
  const modifications = answers.filter(({ route }) => route.endsWith("/modify")).map(({ json }) =>
    (json as { error?: string }).error
  );
  deepEqual(modifications, [
    "Instance must be stopped",
    "CPU cores must be a multiple of 2",
    "Storage cannot be reduced",
    undefined,
  ]);
  const large = of(after("POST /instances/{id}/stop"));
  deepEqual(large.status, "stopped");
  deepEqual(large.resources, { vcpu_count: 16, ram_gb: 64, storage_gb: 300 });
  equal(large.rateHourly.toFixed(3), (2 * 0.4 + 16 * 0.003 + 64 * 0.002 + 300 * 0.00005).toFixed(3));
  equal(of(after("POST /instances/{id}/start")).status, "running");
});
