// The headers that answers have in common.

/** JSON is data: a browser that opens it runs and loads nothing. */
export const SECURITY = {
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
};
/** The data is public: a page of any origin may read it. */
export const OPEN = { "access-control-allow-origin": "*" };
export const JSON_HEADERS = { ...SECURITY, ...OPEN, "content-type": "application/json; charset=utf-8" };
/** A client may keep an answer, but asks each time whether it still holds. */
export const ANSWER_HEADERS = { ...JSON_HEADERS, "cache-control": "no-cache", vary: "Accept-Encoding" };
