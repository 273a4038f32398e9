// PURE. Which GGUF files of a repository llama.cpp takes for a name with a quantisation, such as `owner/name:Q4_K_M`.
import type { File } from "./hub.ts";

/** What is taken where no quantisation is named. */
const USUAL = ["Q4_K_M", "Q8_0"];
/** Files beside a model's own. */
const NOT_A_MODEL = /mmproj|imatrix|mtp-|eagle3-|dflash-|dspark-/;
const PART = /-(\d{5})-of-(\d{5})\.gguf$/i;

/** The files of the model, the first part first; none where no file is of this quantisation. */
export function ggufFiles(files: readonly File[], quantization: string | null): readonly File[] {
  const models = files.filter(({ path }) =>
    path.endsWith(".gguf") && !NOT_A_MODEL.test(path.split("/").at(-1) ?? "") && partOf(path) === 1
  );
  const named = (tag: string) =>
    models.find(({ path }) => {
      const upper = path.toUpperCase();
      return ["-", "."].some((end) => upper.includes(`${tag.toUpperCase()}${end}`));
    });
  const tags = quantization === null ? USUAL : [quantization];
  const found = tags.map(named).find((file) => file !== undefined) ??
    (quantization === null ? models[0] : undefined);
  if (found === undefined) return [];
  const [, , count] = PART.exec(found.path) ?? [];
  if (count === undefined) return [found];
  const stem = found.path.replace(PART, "");
  return files.filter(({ path }) => path.replace(PART, "") === stem && PART.exec(path)?.[2] === count)
    .toSorted((a, b) => partOf(a.path) - partOf(b.path));
}

/** 1 for a whole file and for the first of several. */
function partOf(path: string): number {
  return Number(PART.exec(path)?.[1] ?? 1);
}
