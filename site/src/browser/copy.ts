// Buttons that copy the text beside them.
/// <reference lib="dom" />

/** Shows the button of `block` and brings it to life. */
export function makeCopyable(block: HTMLElement): void {
  const [text, button] = [block.querySelector("pre"), block.querySelector("button")];
  if (text === null || button === null) return;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const done = await copy(text) ? "Copied" : "Selected";
    button.textContent = done;
    button.ariaLabel = `${done}: ${text.ariaLabel}`;
  });
}

/** Selects the text, for browsers and pages that may not write to the clipboard, and copies it. */
async function copy(text: HTMLPreElement): Promise<boolean> {
  getSelection()?.selectAllChildren(text);
  try {
    await navigator.clipboard.writeText(text.textContent);
    return true;
  } catch {
    return false;
  }
}
