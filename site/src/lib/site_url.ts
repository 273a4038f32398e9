// Where the site will stand, where that is known.
import process from "node:process";

/** Address of the site without a slash at its end; null when build-site was not told. */
export const siteUrl: string | null = process.env.ALMANAC_URL || null;

/** The address of a path of the site: absolute where that is known, else relative to the site's root. */
export function addressOf(path: string): string {
  return siteUrl === null ? path : `${siteUrl}/${path}`;
}
