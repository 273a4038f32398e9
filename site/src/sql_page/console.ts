// The SQL page at work: a query goes to the engine, its result into table, chart and files, what is shown into the address.
/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import { bounded } from "./bounded.ts";
import { chosenChart, offerCharts } from "./chart_form.ts";
import { save } from "../browser/save.ts";
import { csvOf, jsonOf } from "./download.ts";
import type { PageFiles } from "./page_files.ts";
import type { Loader } from "./loader.ts";
import { isKept, keepOffline } from "./offline.ts";
import type { SqlPage } from "./page.ts";
import { showTable, summaryOf } from "./result_table.ts";
import { type ChartChoice, hashOf, stateOf } from "./state.ts";
import { Status } from "./status.ts";
import type { Result } from "./values.ts";

const CODE_MS = 60_000;

export class Console {
  readonly #page: SqlPage;
  readonly #files: PageFiles;
  readonly #cache: Cache | null;
  readonly #loader: Loader;
  readonly #status: Status;
  #running: AbortController | null = null;
  #result: Result | null = null;

  constructor(page: SqlPage, files: PageFiles, cache: Cache | null, loader: Loader) {
    this.#page = page;
    this.#files = files;
    this.#cache = cache;
    this.#loader = loader;
    this.#status = new Status(page);
  }

  /** Brings the page to life. Nothing is loaded before the visitor runs a query. */
  async open(): Promise<void> {
    const { form, editor, cancel, csv, json, chart } = this.#page;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#run();
    });
    editor.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
    });
    cancel.addEventListener("click", () => {
      const words = "Cancelled. What you created is gone; the next query starts a new engine.";
      this.#running?.abort(new Error(words));
    });
    chart.form.addEventListener("submit", (event) => event.preventDefault());
    chart.form.addEventListener("change", () => this.#chooseChart());
    csv.addEventListener("click", () => this.#save("csv", "text/csv", csvOf));
    json.addEventListener("click", () => this.#save("json", "application/json", jsonOf));
    addEventListener("hashchange", () => this.#follow());
    this.#status.announce(this.#files, await isKept(this.#files, this.#cache));
    this.#page.run.disabled = false;
    this.#follow();
  }

  /** Shows what the address says; runs it when the engine is there already. */
  #follow(): void {
    const said = stateOf(location.hash);
    if (said === null) return;
    this.#page.editor.value = said.sql;
    if (this.#loader.isLoaded) this.#run();
  }

  async #run(): Promise<void> {
    if (this.#running !== null) return;
    const { editor, run, cancel } = this.#page;
    const running = this.#running = new AbortController();
    [run.disabled, cancel.hidden] = [true, false];
    const stopClock = this.#status.startClock();
    try {
      await this.#answer(editor.value, running.signal);
    } catch (error) {
      this.#status.refuse(messageOf(error));
      running.abort(error);
    } finally {
      stopClock();
      this.#running = null;
      [run.disabled, cancel.hidden] = [false, true];
      if (this.#loader.isLoaded) run.textContent = "Run";
    }
  }

  async #answer(sql: string, signal: AbortSignal): Promise<void> {
    const wanted = this.#wantedChart(sql);
    this.#remember(sql, wanted);
    this.#clear();
    this.#status.say("Loading the engine and the data …");
    const engine = await this.#loader.engine((bytes) => this.#status.advance(bytes), signal);
    this.#status.say("Running …");
    this.#page.progress.hidden = true;
    const result = await engine.query(sql, signal);
    this.#result = result;
    showTable(this.#page.table, result);
    offerCharts(this.#page.chart, result, wanted);
    this.#page.result.hidden = false;
    this.#status.say(`${summaryOf(result)}.`);
    await this.#draw();
    if (this.#page.root.dataset.offline === undefined) this.#keep();
  }

  async #keep(): Promise<void> {
    this.#page.root.dataset.offline = "keeping";
    const kept = await keepOffline(this.#files, this.#cache);
    this.#page.root.dataset.offline = kept ? "kept" : "not kept";
  }

  #chooseChart(): void {
    if (this.#result === null) return;
    offerCharts(this.#page.chart, this.#result, chosenChart(this.#page.chart));
    this.#remember(stateOf(location.hash)?.sql ?? "", chosenChart(this.#page.chart));
    this.#draw();
  }

  async #draw(): Promise<void> {
    const { figure, chart } = this.#page;
    const choice = chosenChart(chart);
    figure.hidden = choice === null;
    if (choice === null || this.#result === null) return;
    try {
      const { draw } = await bounded(import("./chart.ts"), CODE_MS, "its code did not come");
      this.#place(draw(this.#result, choice));
    } catch (error) {
      this.#status.say(`The chart could not be drawn: ${messageOf(error)}`);
    }
  }

  #place({ svg, drawn }: { svg: Element; drawn: number }): void {
    const { figure, caption } = this.#page;
    figure.querySelector("svg")?.remove();
    figure.prepend(svg);
    caption.textContent =
      `${drawn} of ${this.#result?.rows.length} rows are drawn; the table has the figures.`;
  }

  /** The chart that the address asks for, for the query it names. */
  #wantedChart(sql: string): ChartChoice | null {
    const said = stateOf(location.hash);
    return said?.sql === sql ? said.chart : null;
  }

  #remember(sql: string, chart: ChartChoice | null): void {
    const hash = hashOf({ sql, chart });
    if (hash !== location.hash) history.pushState(null, "", hash);
  }

  #save(ending: string, type: string, textOf: (result: Result) => string): void {
    if (this.#result !== null) save(`gpu-almanac.${ending}`, type, textOf(this.#result));
  }

  #clear(): void {
    const { error, result, figure, progress } = this.#page;
    [error.hidden, result.hidden, figure.hidden] = [true, true, true];
    progress.hidden = this.#loader.isLoaded;
    progress.value = 0;
    this.#result = null;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
