// The SQL examples: one file each, whose first line is its title.
const texts: Record<string, string> = import.meta.glob("../sql/examples/*.sql", {
  query: "?raw",
  import: "default",
  eager: true,
});

export const examples = Object.keys(texts).sort().map((path) => {
  const [title = "", ...lines] = (texts[path] ?? "").trimEnd().split("\n");
  return { title: title.replace(/^-- /, ""), sql: lines.join("\n") };
});
