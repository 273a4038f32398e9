// PURE. What a home, or a drive of somebody's, looks like in words. No part is searched beyond a fixed length, so that the time grows
// with the text and no faster, whatever it holds.

/** A separator, also as JSON and addresses write it. */
const SEP = "(?:\\\\u00(?:2f|5c)|%2f|%5c|[\\\\/])";
const SEPS = `${SEP}{1,64}`;
/** A run of separators is met again at each of its places, so few are looked at. */
const FIRST_SEPS = `${SEP}{1,4}`;

/** A character as JSON writes it, but for separators, spaces and quotes. */
const JSON_ESCAPE = "\\\\u(?!00(?:2[027f]|5c))[0-9a-f]{4}";
/** As addresses write it, but for what ends a name there. */
const WEB_ESCAPE = "%(?!2[267cf]|3[abce]|5c)[0-9a-f]{2}";
const CHARACTER = `(?:${JSON_ESCAPE}|${WEB_ESCAPE}|[^\\\\/\\s:"'<>|,;%)\\]}])`;
const NAME = `${CHARACTER}{1,255}`;
/** The quote before a path, if there is one: it ends the path. */
const OPENED = `(?<=(?<quote>["']?))`;
/** Up to five words, where what follows shows that they are one name. */
const SPACED = `(?:${CHARACTER}{1,32} ){1,4}${CHARACTER}{1,64}(?=${SEP}|\\k<quote>(?<=["']))`;
/** Homes of a domain's users lie in its folder, which is written in capitals. */
const DOMAIN = "(?-i:[A-Z][A-Z0-9.-]{1,63})";
/** On Windows more characters may stand in a name. */
const WINDOWS_NAME = `(?:${JSON_ESCAPE}|[^\\\\/:"'<>|\\r\\n]){1,64}(?=\\\\)`;
const FULL_NAME = `(?:${SPACED}|${NAME})`;
const IN_QUOTES = `(?<=(?<quote>["']))`;
const HOME = `(?:file:)?${FIRST_SEPS}homes?\\d{0,3}${SEPS}(?:${DOMAIN}${SEPS})?`;
/** No part of an address or of a longer path. */
const BEGINS = "(?:file:|(?<![\\w.~\\])\\\\/-]))";
/** `https://x.org/users/ann` is the page of somebody, not a folder. */
const NO_PAGE = `(?<!https?://[^\\s"'<>?=&#,;()%]{1,200})`;
const HOST = "\\w[\\w.-]{1,63}";
const SHARE = "(?:homes?\\$?|users\\$?|[\\w.$-]{1,80})";

/** `/home/ann`, `C:\Users\Ann Smith`, `/media/ann`, `\\server\share` and their like. */
export const HOMES = new RegExp(
  [
    `${OPENED}(?:file:${FIRST_SEPS})?[a-z]:${SEPS}(?:users|documents(?: |%20)and(?: |%20)settings)${SEPS}(?:${WINDOWS_NAME}|${FULL_NAME})`,
    `${OPENED}(?:file:)?${FIRST_SEPS}users${NO_PAGE}${SEPS}${FULL_NAME}`,
    `${IN_QUOTES}${HOME}${FULL_NAME}`,
    `${HOME}${NAME}`,
    `(?:file:)?${FIRST_SEPS}root(?![\\w.-])`,
    `${OPENED}${BEGINS}${FIRST_SEPS}(?:run${SEPS})?(?-i:media)${SEPS}${FULL_NAME}(?=${SEP})`,
    `${OPENED}${BEGINS}${FIRST_SEPS}(?-i:Volumes)${SEPS}${FULL_NAME}`,
    `(?<![\\w\\\\:])\\\\{2}(?:\\?\\\\UNC\\\\)?${HOST}\\\\${SHARE}(?:(?<=\\\\(?:homes?|users)\\$?)\\\\${NAME})?`,
    `(?<![\\w\\\\:])\\\\{4}(?:\\?\\\\{2}UNC\\\\{2})?${HOST}\\\\{2}${SHARE}(?:(?<=\\\\(?:homes?|users)\\$?)\\\\{2}${NAME})?`,
    `(?<![\\w~/])~[a-z_][\\w.-]{0,64}(?=[\\\\/])`,
  ].join("|"),
  "gi",
);
