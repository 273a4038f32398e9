// Path and query of a request's address, as they were sent. Whatever the header Host says, this does not fail. Pure.

export interface Target {
  /** Not decoded; begins with a slash. */
  readonly path: string;
  /** Without its question mark. */
  readonly query: string;
}

export function targetOf(url: string): Target {
  const slash = url.indexOf("/", url.indexOf("://") + 3);
  const [before = ""] = (slash === -1 ? "/" : url.slice(slash)).split("#");
  const mark = before.indexOf("?");
  return mark === -1
    ? { path: before, query: "" }
    : { path: before.slice(0, mark), query: before.slice(mark + 1) };
}
