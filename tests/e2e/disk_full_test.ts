// A full disk, for real: a small file system of its own, in a mount namespace.
import { equal, match, ok } from "node:assert/strict";
import { join } from "node:path";
import { fakeOllama } from "../fakes/ollama.ts";
import { directory, jsonl, metadata, plainLine, temporaryRoot } from "../fixtures.ts";
import { mainFile, matrixFile, RUN } from "./cli.ts";

const NAMESPACE = ["--user", "--map-root-user", "--mount"];
const canMount = (await new Deno.Command("unshare", {
  args: [...NAMESPACE, "bash", "-c", "mount -t tmpfs -o size=1m none /mnt"],
  stdout: "null",
  stderr: "null",
}).output().catch(() => ({ success: false }))).success;

const FULL = "on a full disk a build and a run say so and exit with 1, and the evidence from before is whole";

async function onSmallDisk(root: string, script: string) {
  const { code, stdout, stderr } = await new Deno.Command("unshare", {
    args: [...NAMESPACE, "bash", "-c", `mount -t tmpfs -o size=40m none ${root}/disk && ${script}`],
    env: { ALMANAC: [Deno.execPath(), ...RUN, mainFile].join(" "), ROOT: `${root}/disk`, NO_COLOR: "1" },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, out: text(stdout), err: text(stderr) };
}

Deno.test({
  name: canMount ? FULL : `${FULL} (skipped: this machine allows no mount namespaces)`,
  ignore: !canMount,
  fn: async () => {
    await using root = await temporaryRoot();
    await using ollama = fakeOllama(["m:1b"]);
    const matrix = await matrixFile(root.paths.root, {
      engines: [{ name: "ollama", url: ollama.url }],
      models: ["m:1b"],
      workloads: [{ duration_seconds: 0.3 }],
    });
    const dir = await directory(root.paths.root, "in", {
      "results.jsonl": jsonl([plainLine(0, 0, 9)]),
      "metadata.json": metadata(),
    });
    await Deno.mkdir(join(root.paths.root, "disk"));
    const { code, out, err } = await onSmallDisk(
      root.paths.root,
      `$ALMANAC import ${dir} --provider p --root $ROOT || exit 10
       sum=$(cd $ROOT && find data/raw data/export/api -type f | sort | xargs sha256sum | sha256sum)
       rm -r $ROOT/data/export/.staged 2>/dev/null; head -c 100m /dev/zero > $ROOT/filler 2>/dev/null
       $ALMANAC build-data --root $ROOT; echo "build $?"
       $ALMANAC run-matrix ${matrix} --root $ROOT; echo "run $?"
       rm $ROOT/filler
       now=$(cd $ROOT && find data/raw data/export/api -type f | sort | xargs sha256sum | sha256sum)
       [ "$sum" = "$now" ] && echo unchanged
       $ALMANAC run-matrix ${matrix} --root $ROOT > /dev/null; echo "after $?"`,
    );
    equal(code, 0, err);
    match(out, /build 1\nrun 1\nunchanged\nafter 0\n/);
    match(err, /Cannot build .*data\/export: .*(No space left on device|could not)/i);
    match(err, /No space left on device/i);
    ok(!err.includes("This is a fault of the program"), err);
  },
});
