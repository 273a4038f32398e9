// Builds data or site of a root as a process that kills itself before its nth step at which something published changes. Arguments: data or site, root, n.
import { buildData } from "../../pipeline/build/mod.ts";
import { pathsOf } from "../../pipeline/paths.ts";
import { buildSite } from "../../site/build.ts";

const [what, root = "", nth] = Deno.args;
const paths = pathsOf(root);
const published = what === "data" ? paths.exported : paths.siteDist;
const work = what === "data" ? ".staged" : ".work";
let steps = 0;

function step(changed: string | URL): void {
  const path = String(changed);
  const changes = (path.startsWith(published) && !path.includes(work)) || path === paths.siteAside;
  if (changes && ++steps === Number(nth)) Deno.kill(Deno.pid, "SIGKILL");
}

const { renameSync, removeSync, rename, remove } = Deno;
Object.assign(Deno, {
  renameSync: (from: string, to: string) => (step(to), renameSync(from, to)),
  removeSync: (path: string, options: Deno.RemoveOptions) => (step(path), removeSync(path, options)),
  rename: (from: string, to: string) => (step(to), rename(from, to)),
  remove: (path: string, options: Deno.RemoveOptions) => (step(path), remove(path, options)),
});

const quiet = () => undefined;
if (what === "data") await buildData(paths, { info: quiet, warn: quiet });
else await buildSite({ root, log: quiet });
