// deno-lint-ignore-file no-console
// The README's test command: gets what the tests need, runs all of them, and ends with `N passed, N failed` from the real report.
import { prepare } from "./prepare.ts";

const report = await Deno.makeTempFile({ suffix: ".xml" });
try {
  await prepare();
  const { code } = await new Deno.Command(Deno.execPath(), {
    args: [
      "test",
      "-A",
      "--no-check",
      "--node-modules-dir=auto",
      "--parallel",
      `--junit-path=${report}`,
      ...(Deno.args.length > 0 ? Deno.args : ["tests/"]),
    ],
    env: { DENO_JOBS: "2", NO_COLOR: "1" },
    stdin: "null",
  }).spawn().status;
  const { passed, failed: cases } = count(await Deno.readTextFile(report));
  // A file that fails outside its cases is not in the report: the exit code alone tells of it.
  const failed = code !== 0 && cases === 0 ? 1 : cases;
  console.log(`${passed} passed, ${failed} failed`);
  Deno.exitCode = failed === 0 && passed > 0 ? 0 : 1;
} finally {
  await Deno.remove(report);
}

/** Counts the cases of a JUnit report; a skipped case is neither. */
function count(xml: string): { passed: number; failed: number } {
  const cases = xml.match(/<testcase\b[^>]*?(?:\/>|>[\s\S]*?<\/testcase>)/g) ?? [];
  const failed = cases.filter((one) => /<(failure|error)\b/.test(one)).length;
  const skipped = cases.filter((one) => /<skipped\b/.test(one)).length;
  return { passed: cases.length - failed - skipped, failed };
}
