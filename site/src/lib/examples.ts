// The SQL examples: one file each, whose first line is its title.
declare global {
  interface ImportMeta {
    /** Vite's: the texts of all files that match, by path. */
    glob(pattern: string, options: { query: "?raw"; import: "default"; eager: true }): Record<string, string>;
  }
}

const texts = import.meta.glob("../sql/examples/*.sql", { query: "?raw", import: "default", eager: true });

export const examples = Object.keys(texts).sort().map((path) => {
  const [title = "", ...lines] = String(texts[path] ?? "").trimEnd().split("\n");
  return { title: title.replace(/^-- /, ""), sql: lines.join("\n") };
});
