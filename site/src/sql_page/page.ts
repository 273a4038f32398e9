// The elements of the SQL page.
/// <reference lib="dom" />
import type { ChartForm } from "./chart_form.ts";

export interface SqlPage {
  readonly root: HTMLElement;
  readonly form: HTMLFormElement;
  readonly editor: HTMLTextAreaElement;
  readonly run: HTMLButtonElement;
  readonly cancel: HTMLButtonElement;
  readonly elapsed: HTMLElement;
  /** What happens, in words. */
  readonly state: HTMLElement;
  readonly progress: HTMLProgressElement;
  readonly error: HTMLElement;
  readonly result: HTMLElement;
  readonly table: HTMLTableElement;
  readonly csv: HTMLButtonElement;
  readonly json: HTMLButtonElement;
  readonly chart: ChartForm;
  readonly figure: HTMLElement;
  readonly caption: HTMLElement;
}

/** The page's elements; throws when one is missing. */
export function pageElements(): SqlPage {
  return {
    root: element("sql", HTMLElement),
    form: element("query", HTMLFormElement),
    editor: element("editor", HTMLTextAreaElement),
    run: element("run", HTMLButtonElement),
    cancel: element("cancel", HTMLButtonElement),
    elapsed: element("elapsed", HTMLElement),
    state: element("state", HTMLElement),
    progress: element("progress", HTMLProgressElement),
    error: element("error", HTMLElement),
    result: element("result", HTMLElement),
    table: element("rows", HTMLTableElement),
    csv: element("csv", HTMLButtonElement),
    json: element("json", HTMLButtonElement),
    chart: {
      form: element("chart", HTMLFormElement),
      kind: element("chart-kind", HTMLSelectElement),
      x: element("chart-x", HTMLSelectElement),
      y: element("chart-y", HTMLSelectElement),
    },
    figure: element("drawing", HTMLElement),
    caption: element("caption", HTMLElement),
  };
}

function element<T extends HTMLElement>(id: string, type: { new (): T; prototype: T }): T {
  const found = document.getElementById(id);
  if (found instanceof type) return found;
  throw new Error(`The page has no ${type.name} with the id ${id}.`);
}
