// Chromium for the tests: a page, and all that went wrong in it.
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";

const ARGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** One browser for all tests of a file; each page has a context, and with it storage and a cache, of its own. */
let browser: Promise<Browser> | null = null;
Deno.test.afterAll(async () => await (await browser)?.close());

/** Opens a page and collects console errors, failed answers and requests to anywhere but the site at `url`. */
export async function visit(
  url: string,
  options: BrowserContextOptions,
  work: (page: Page, faults: string[]) => Promise<void>,
): Promise<void> {
  browser ??= chromium.launch({ executablePath: "/usr/bin/chromium", args: ARGS });
  const context = await (await browser).newContext(options);
  try {
    const page = await context.newPage();
    const faults: string[] = [];
    page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
    page.on("pageerror", (error) => faults.push(error.message));
    page.on("requestfailed", (request) => {
      // Leaving a page while a file is on the way aborts that request; the site has no part in it.
      const reason = request.failure()?.errorText;
      if (reason !== "net::ERR_ABORTED") faults.push(`failed: ${request.url()}: ${reason}`);
    });
    page.on("response", (response) => {
      if (response.status() >= 400) faults.push(`${response.status()}: ${response.url()}`);
    });
    page.on("request", (request) => {
      const own = /^(file|blob):/.test(request.url()) || request.url().startsWith(url);
      if (!own) faults.push(`foreign: ${request.url()}`);
    });
    await work(page, faults);
  } finally {
    await context.close();
  }
}

export const browserTest = (name: string, fn: () => Promise<void>) =>
  Deno.test({ name, fn, sanitizeOps: false, sanitizeResources: false });
