// What Plot's charts must lose: inline styles, which the content security policy forbids, and the names of single marks. Pure.

interface Element {
  remove(): void;
  removeAttribute(name: string): void;
  querySelectorAll(selector: string): Iterable<Element>;
}

/** Removes style elements, style attributes and the marks' own labels. */
export function strip(svg: Element): void {
  for (const style of svg.querySelectorAll("style")) style.remove();
  svg.removeAttribute("style");
  for (const element of svg.querySelectorAll("[style]")) element.removeAttribute("style");
  for (const element of svg.querySelectorAll("[aria-label]")) element.removeAttribute("aria-label");
}
