// Intervals by hierarchical bootstrap: what they cover, what they follow, and that they are the same every time.
import { deepEqual, equal, ok } from "node:assert/strict";
import { type Block, bootstrap } from "../pipeline/build/bootstrap.ts";
import { randomIndex } from "../pipeline/build/random.ts";

/** A benchmark of `figure` whose `parts` parts spread by `share` about it. */
function block(figure: number, parts: number, share: number, normal: () => number): Block {
  const numerators = Float64Array.from({ length: parts }, () => 100 * (1 + share * normal()));
  return { figure, numerators, denominators: new Float64Array(parts).fill(1) };
}

/** Normal numbers of mean 0 and deviation 1, the same for the same seed. */
function normals(seed: number): () => number {
  const index = randomIndex(seed);
  const uniform = () => (index(2 ** 31) + 0.5) / 2 ** 31;
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

/** How many of 200 intervals of `hosts` hosts about 100, which spread by 10, hold the 100 that they were drawn around. */
function coverage(hosts: number): number {
  const normal = normals(hosts);
  const trials = Array.from({ length: 200 }, () => {
    const drawn = Array.from({ length: hosts }, () => [block(100 + 10 * normal(), 8, 0.02, normal)]);
    const interval = bootstrap(drawn, 400);
    return interval !== null && interval.low <= 100 && interval.high >= 100;
  });
  return trials.filter(Boolean).length;
}

Deno.test("of 200 intervals over ten and over thirty hosts about 95 % hold the true value", () => {
  for (const hosts of [10, 30]) {
    const held = coverage(hosts);
    ok(held >= 176 && held <= 199, `${held} of 200 with ${hosts} hosts`);
  }
});

Deno.test("with three hosts the interval is no wider than the hosts, and so holds it less often", () => {
  const held = coverage(3);
  ok(held >= 130 && held <= 176, `${held} of 200`);
});

Deno.test("the same seed gives the same interval to the last digit, another seed another", () => {
  const normal = normals(1);
  const hosts = Array.from({ length: 6 }, () => [block(100 + 5 * normal(), 20, 0.1, normal)]);
  deepEqual(bootstrap(hosts), bootstrap(hosts));
  ok(bootstrap(hosts)?.low !== bootstrap(hosts, 2000, 7)?.low);
});

Deno.test("below three hosts there is no interval, whatever the number of benchmarks and requests", () => {
  const normal = normals(2);
  const host = Array.from({ length: 9 }, () => block(100, 300, 0.1, normal));
  equal(bootstrap([host, host]), null);
  equal(bootstrap([]), null);
  ok(bootstrap([host, host, host]) !== null);
});

Deno.test("figures that do not differ give an interval of no width", () => {
  const normal = normals(3);
  const hosts = Array.from({ length: 3 }, () => [block(80, 50, 0, normal), block(80, 50, 0, normal)]);
  deepEqual(bootstrap(hosts), { low: 80, high: 80 });
});

Deno.test("more requests and more benchmarks do not shrink what lies between differing hosts", () => {
  const width = (blocks: number, parts: number) => {
    const normal = normals(4);
    const hosts = [60, 80, 100].map((figure) =>
      Array.from({ length: blocks }, () => block(figure, parts, 0.05, normal))
    );
    const interval = bootstrap(hosts);
    return (interval?.high ?? 0) - (interval?.low ?? 0);
  };
  const [few, many] = [width(1, 10), width(5, 2000)];
  ok(few >= 40 && many >= 39.5 && many <= 41, `${few} and ${many}`);
});

Deno.test("requests that differ widen the interval of hosts that do not", () => {
  const width = (share: number) => {
    const normal = normals(5);
    const interval = bootstrap(Array.from({ length: 5 }, () => [block(100, 20, share, normal)]));
    return (interval?.high ?? 0) - (interval?.low ?? 0);
  };
  ok(width(0.3) > 4 * width(0.03) && width(0.03) > 0);
});

Deno.test("a benchmark whose requests are not known keeps its figure", () => {
  const bare = (figure: number): Block[] => [{
    figure,
    numerators: new Float64Array(),
    denominators: new Float64Array(),
  }];
  deepEqual(bootstrap([bare(10), bare(20), bare(30)]), { low: 10, high: 30 });
});

Deno.test("random places are even, and reach every place", () => {
  const index = randomIndex(1);
  const counts = new Array(7).fill(0);
  for (let draw = 0; draw < 70_000; draw++) counts[index(7)] += 1;
  ok(counts.every((count) => Math.abs(count - 10_000) < 400), counts.join());
});
