// llama.cpp's releases at GitHub in tests: builds as files, a digest of each, and a stable release that names the newest.
import { join } from "node:path";
import { sha256Hex } from "../../pipeline/lib/files.ts";
import { gives, type Route, says } from "./curl.ts";
import { packed } from "./tar.ts";

const LLAMA = "https://github.com/ggml-org/llama.cpp/releases";

export interface Build {
  readonly build: string;
  readonly archive: Uint8Array<ArrayBuffer>;
}

/** A build whose llama-server is `program`. */
export async function llamaBuild(build: string, program: string): Promise<Build> {
  return { build, archive: await packed({ [`llama-${build}/llama-server`]: program }) };
}

/** Where they come from; `before` is done before a file is given, `guest` to what came. The last of `builds` is the newest. */
export async function llamaRoutes(
  state: string,
  builds: readonly Build[],
  before = "",
  guest = "",
): Promise<Route[]> {
  const routes: Route[] = [[`${LLAMA}/latest/download/nightly-tag.txt`, says(`${builds.at(-1)?.build}\n`)]];
  for (const { build, archive } of builds) {
    const file = join(state, build);
    await Deno.writeFile(file, archive);
    const assets = ["x64", "arm64"].map((arch) => ({
      name: `llama-${build}-bin-ubuntu-vulkan-${arch}.tar.gz`,
      uploader: { login: "bot" },
      digest: `sha256:${sha256Hex(archive)}`,
    }));
    const api = `https://api.github.com/repos/ggml-org/llama.cpp/releases/tags/${build}`;
    routes.push(
      [
        `${LLAMA}/download/${build}/llama-${build}-bin-ubuntu-vulkan-*.tar.gz`,
        `${before}${gives(file)}${guest}`,
      ],
      [api, says(JSON.stringify({ tag_name: build, name: build, assets }, null, 2))],
    );
  }
  return routes;
}
