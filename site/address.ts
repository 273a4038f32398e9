// The address at which the site will stand.
import { UserError } from "../pipeline/errors.ts";

/** The address without what follows its path; a UserError when it is none of the web. */
export function addressOf(url: string): string {
  const parsed = URL.parse(url);
  if (parsed === null || !["http:", "https:"].includes(parsed.protocol)) {
    throw new UserError(
      `Cannot build the site for ${url}: it is no address of the web`,
      "Give it whole, e.g. --url https://example.org/almanac.",
    );
  }
  return `${parsed.origin}${parsed.pathname}`.replace(/\/+$/, "");
}

/** The path of an address; empty without one. */
export function pathOf(address: string | null): string {
  return address === null ? "" : new URL(address).pathname;
}
