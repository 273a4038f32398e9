// Text inside markup that no template escapes. Pure.
const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Characters that XML does not know; whoever reads one refuses the whole file. */
// deno-lint-ignore no-control-regex
const NO_XML = /[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g;

/** `text` for HTML, XML and SVG, in elements and in attributes. */
export function escapeMarkup(text: string): string {
  return text.toWellFormed().replaceAll(NO_XML, "\uFFFD")
    .replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? "");
}
