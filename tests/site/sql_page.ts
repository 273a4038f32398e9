// Hands and eyes for the SQL page, for the tests.
import { ok } from "node:assert/strict";
import type { Page } from "playwright-core";

/** Runs what the editor holds and waits for its end. */
export async function run(page: Page, sql?: string): Promise<void> {
  if (sql !== undefined) await page.locator("#editor").fill(sql);
  await page.locator("#run:enabled").click();
  await ended(page);
}

/** Waits until the query has its result or its error. */
export async function ended(page: Page): Promise<void> {
  await page.locator("#result:visible, #error:visible").first().waitFor();
  await page.locator("#run:enabled").waitFor();
}

/** Follows a link within the page, or the way back, and waits for the answer. */
export async function follow(page: Page, go: () => Promise<unknown>): Promise<void> {
  const followed = page.evaluate(
    "new Promise((resolve) => addEventListener('hashchange', () => resolve(null), { once: true }))",
  );
  await go();
  await followed;
  await ended(page);
}

export async function refusal(page: Page, sql: string): Promise<string> {
  await run(page, sql);
  ok(await page.locator("#error").isVisible(), `not refused: ${sql}`);
  return await page.locator("#error").innerText();
}

export async function cells(page: Page): Promise<string[][]> {
  const rows = await page.locator("#rows tbody tr").all();
  return await Promise.all(rows.map((row) => row.locator("td").allInnerTexts()));
}

export async function saved(page: Page, button: string): Promise<string> {
  const [download] = await Promise.all([page.waitForEvent("download"), page.locator(button).click()]);
  return await Deno.readTextFile(await download.path());
}
