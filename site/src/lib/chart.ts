// Charts as SVG text: Observable Plot on a document of its own, cleaned of what the content security policy forbids.
import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import { strip } from "./svg.ts";

const WIDTH = 680;
const HEIGHT = 220;

export interface ChartText {
  /** Unique on its page. */
  readonly id: string;
  /** What is drawn, for those who cannot see it. */
  readonly label: string;
  /** True when its marks are links, which a picture may not hold. */
  readonly links?: true;
}

/** Renders `options` with Plot; ids begin with the chart's own, colours come from the page's stylesheet. */
export function render(text: ChartText, options: Plot.PlotOptions): string {
  const { document } = parseHTML("<html><body></body></html>") as unknown as {
    document: NonNullable<Plot.PlotOptions["document"]>;
  };
  const svg = Plot.plot({
    document,
    width: WIDTH,
    height: HEIGHT,
    marginLeft: 56,
    marginRight: 16,
    marginBottom: 36,
    ...options,
  });
  strip(svg);
  svg.setAttribute("class", "chart");
  svg.setAttribute("role", text.links ? "group" : "img");
  svg.setAttribute("aria-label", text.label);
  svg.removeAttribute("width");
  svg.removeAttribute("height");
  return svg.outerHTML
    .replaceAll(/\bid="([^"]*)"/g, `id="${text.id}-$1"`)
    .replaceAll(/url\(#([^)]*)\)/g, `url(#${text.id}-$1)`)
    .replaceAll(/(\d+\.\d{2})\d+/g, "$1");
}
