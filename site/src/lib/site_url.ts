// Where the site will stand, where that is known.
import process from "node:process";

/** Address of the site without a slash at its end; null when build-site was not told. */
export const siteUrl: string | null = process.env.ALMANAC_URL || null;
