// What mutations put in the place of values: numbers beyond everything, words that mean something elsewhere, and what is no text.

/** Whoever lets one of these into a page as markup has run it. */
export const INJECTED = [
  "<script>injected()</script>",
  '"><img src=x onerror=injected()>',
  "'><svg onload=injected()>",
  "</title><script>injected()</script>",
  "]]><injected/>",
  "javascript:injected()",
  "{{injected()}}${injected()}<%= injected() %>",
];

export const FORMULAS = [
  '=HYPERLINK("http://x.test/","injected")',
  "+1+cmd",
  "-1+1",
  "@SUM(1)",
  "\t=1",
  "\r=1",
];

/** Pieces of JSON, not all of which are JSON. */
// deno-fmt-ignore
export const PIECES: readonly string[] = [
  "null", "true", "false", "0", "-0", "0.0", "1", "-1", "0.5", "1e-300", "1e30", "-1e30", "1e308", "1e400", "NaN", "Infinity",
  "2147483648", "4294967296", "9007199254740993", "9223372036854775808", "18446744073709551616", "123456789012345678901234567890", "[]",
  "{}", "[[[]]]", '{"a":1,"a":2}', '""', '" "', '"0"', '"0.0"', '"false"', '"None"', '"nan"', '"timeout"', '"1e5"', '"text"',
  '"\\ud83d"', '"\\udc00x"', '"\\u0000"', '"\\u202egnp"', '"\\u0007"', '"a\\nb"', '"🙂"', '"日本語"', '"/home/zoeq/models/x.gguf"',
  '"C:\\\\Users\\\\zoeq\\\\x"', '"file:///Users/zoeq/x"', '"2026-02-30T00:00:00Z"', '"9999-12-31T23:59:59Z"', '"0001-01-01T00:00:00Z"',
  `"${"x".repeat(5000)}"`, "[".repeat(500) + "]".repeat(500), '"../../etc/passwd"', '"\'; DROP TABLE benchmarks; --"', "1793527200000",
  "2714527200", ...[...INJECTED, ...FORMULAS].map((text) => JSON.stringify(text)),
];

/** Cells of gpu.csv. */
// deno-fmt-ignore
export const CELLS: readonly string[] = [
  "", " ", "[N/A]", "[Not Found]", "[GPU is lost]", "N/A", "nan", "inf", "-1", "1e30", "9".repeat(400), "97 %", "0x40", "300 W", "words",
  "\u0000", "=1+1", "<script>injected()</script>", "2026/13/45 10:00:00", "1793527200", "1793527200.5", "2026-11-25T17:46:00.000Z", '"1,2"',
];

/** Whole lines. */
// deno-fmt-ignore
export const LINES: readonly string[] = [
  "", " ", "\t", "\u00a0", "null", "[]", "{}", "5", "not json", "<html><script>injected()</script></html>", "\u0000\u0000\u0000", "\uFEFF{}",
  '{"t":1793527200,"n":1,"err":true}', '{"t":1793527200,"n":2,"err":"timeout","error_msg":"/home/zoeq/x"}', '{"t":1,"n":', "x".repeat(70_000),
  '{"t":1793527200,"n":1,"tok":1,"tps":1,"dur":1}\r{"t":1793527200,"n":1,"tok":1,"tps":1,"dur":1}',
];

/** Bytes that are no text. */
export const BYTES: readonly Uint8Array[] = [[0xff], [0xc0, 0xaf], [0xed, 0xa0, 0xbd], [0xf0, 0x9f], [0x00], [
  0x0d,
], [0x80]].map((bytes) => Uint8Array.from(bytes));

/** Names of files that are no evidence, and some that have its names. */
export const STRANGERS: Readonly<Record<string, string>> = {
  "evil.html": "<script>injected()</script>",
  "logo.svg": "<svg xmlns='http://www.w3.org/2000/svg' onload='injected()'/>",
  "sw.js": "injected()",
  "index.html": "<script>injected()</script>",
  "agent.log": "at /home/zoeq/agent.js\n<script>injected()</script>\n",
  "calibration.json": '{"levels":[{"streams":1e400}]}',
  "provenance.json": '{"evidence_id": "0123456789abcdef"}',
  "canary.json": "{",
  "gpu.csv": "ts,util,mem_used\n1793527200,97,1\n",
};
