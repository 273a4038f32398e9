// Links are relative, so the site works below any path and from a folder on disk. Pure.

/** The link from the page `from` to `to`, both paths from the site's root without a slash in front. */
export function href(from: string, to: string): string {
  const up = "../".repeat(from.split("/").length - 1);
  return `${up}${to.split("/").map(encodeURIComponent).join("/")}`;
}
