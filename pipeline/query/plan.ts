// A plan, and the end of a run, as tables for a terminal.
import { renderTable } from "../lib/table.ts";
import { cleanLine } from "../lib/terminal.ts";
import type { Cost } from "../schema/ledger.ts";
import { COST_KINDS } from "../schema/ledger.ts";
import type { ManifestRow } from "../schema/manifest.ts";
import type { EngineChoice } from "../schema/matrix.ts";
import { MARKETPLACE_PROVIDERS, type ProviderName, providerTitle } from "../schema/names.ts";
import type { Offer } from "../schema/offer.ts";
import { LATEST, type Releases, usualVersion } from "../schema/releases.ts";
import { priceColumn } from "./columns.ts";

/** What is shown of a plan. */
export interface ShownPlan {
  readonly leases: readonly {
    readonly id: string;
    readonly gpu: string;
    readonly gpu_count: number;
    readonly sittings: readonly { readonly entries: readonly unknown[] }[];
    readonly offer: Offer;
    readonly hours: number;
    readonly usd: number;
    readonly max_usd: number;
  }[];
  readonly left: readonly { readonly entry: { readonly id: string }; readonly reason: string }[];
  readonly usd: number;
  readonly max_usd: number;
  readonly hours: number;
}

/** The leases in their order with offer, hours and dollars; then what is left out and why. */
export function renderPlan(
  { leases, left, usd, max_usd, hours }: ShownPlan,
  spent: number,
  width?: number,
): string {
  const entries = leases.reduce((sum, lease) => sum + entriesIn(lease), 0);
  const table = leases.length === 0 ? "" : renderTable<ShownPlan["leases"][number]>(
    [
      { title: "lease", of: ({ id }) => id, least: 22, kept: true },
      { title: "entries", of: entriesIn, digits: 0, spare: 3 },
      {
        title: "where",
        of: ({ offer }) => offer.location ?? offer.host ?? providerTitle(offer.provider),
        spare: 1,
      },
      priceColumn(({ offer }) => offer.price_per_hour),
      { title: "hours", of: (lease) => lease.hours, digits: 1, spare: 2 },
      { title: "about $", of: (lease) => lease.usd, digits: 2 },
      { title: "most $", of: (lease) => lease.max_usd, digits: 2 },
    ],
    leases,
    width,
  );
  const before = spent > 0 ? `; $${spent.toFixed(2)} were spent before` : "";
  const sum = leases.length === 0
    ? "Nothing can be worked on.\n"
    : `${count(leases.length, "lease", "leases")} for ${count(entries, "entry", "entries")}: about $${
      usd.toFixed(2)
    }, at most $${max_usd.toFixed(2)}, about ${hours.toFixed(1)} hours${before}\n`;
  const omitted = left.length === 0
    ? ""
    : `${count(left.length, "entry is", "entries are")} left out:\n${
      byReason(left).map((line) => `  ${line}\n`).join("")
    }`;
  return `${table}${sum}${omitted}`;
}

/** For which providers list prices stand, and why: nothing where all were asked. */
export function renderListed(listed: ReadonlyMap<ProviderName, string>): string {
  if (listed.size === 0) return "";
  const reasons = [...listed.values()].map((reason) => `  ${reason}\n`).join("");
  return `"list" and a day: the price on demand of that day (data/catalog/prices.json); what is free now is not known:\n${reasons}`;
}

/** Which variables of the user go to strangers' hosts; nothing where none does. */
export function renderHandedOver(leases: readonly Equipped[]): string {
  const strangers = leases.filter(({ offer }) => MARKETPLACE_PROVIDERS.includes(offer.provider));
  const named = strangers.flatMap((lease) =>
    lease.sittings.flatMap(({ entries }) => entries.flatMap(({ engine }) => engine.env ?? []))
      .map((name) => [name, providerTitle(lease.offer.provider)] as const)
  );
  return [...Map.groupBy(named, ([name]) => name)].map(([name, members]) => {
    const titles = [...new Set(members.map(([, title]) => title))].join(", ");
    return `${name} is given to machines of ${titles}, whose hosts can read it: use a read-only token made for this\n`;
  }).join("");
}

/** What is shown of a model. */
export interface ShownModel {
  readonly name: string;
  readonly weights_gb: number | null;
  readonly needed_gib: number | null;
  readonly words: string;
}

const UNSIZED = "size not known, not checked";

/** One line a model: its size, the GPU memory that it cannot do without, who may read it; nothing for none. */
export function renderModels(models: readonly ShownModel[]): string {
  const names = padded(models.map(({ name }) => name));
  const sizes = padded(
    models.map(({ weights_gb }) => weights_gb === null ? "" : `${weights_gb.toFixed(1)} GB`),
  );
  const weights = padded(
    models.map(({ weights_gb, needed_gib }, index) =>
      weights_gb === null
        ? UNSIZED
        : `${sizes[index]}${needed_gib === null ? "" : `  needs ${needed_gib.toFixed(1)} GiB`}`
    ),
  );
  const lines = models.map(({ words, weights_gb }, index) => {
    const more = weights_gb === null ? words.replace(/^not checked(: |$)/, "") : words;
    return `${names[index]}  ${weights[index]}  ${more}`.trimEnd();
  });
  return lines.map((line) => `${cleanLine(line)}\n`).join("");
}

/** A lease of a plan, as far as it says what comes to its machine. */
export interface Equipped {
  readonly offer: Pick<Offer, "provider">;
  readonly sittings: readonly { readonly entries: readonly { readonly engine: EngineChoice }[] }[];
}

/** One line with every engine that is installed on a rented machine, and its version; nothing when none is. */
export function renderInstalls(leases: readonly Equipped[], releases: Releases): string {
  const wanted = leases.filter(({ offer }) => offer.provider !== "local" && offer.provider !== "ssh")
    .flatMap(({ sittings }) => sittings.flatMap(({ entries }) => entries.map(({ engine }) => engine)));
  const installs = wanted.flatMap(({ name, url, version }) => {
    const usual = url === undefined ? usualVersion(name, releases) : null;
    if (usual === null) return [];
    if (version === undefined) return [`${name} ${usual} unless the image has one`];
    return [version === LATEST ? `the newest ${name} of that time` : `${name} ${version}`];
  });
  return installs.length === 0 ? "" : `Installed: ${[...new Set(installs)].join(", ")}\n`;
}

/** One line a reason, with the entry it is about, or how many. */
export function byReason(left: ShownPlan["left"]): string[] {
  return [...Map.groupBy(left, ({ reason }) => reason)].map(([reason, members]) =>
    members.length === 1 ? `${members[0]?.entry.id}: ${reason}` : `${members.length} entries: ${reason}`
  );
}

/** What worked, what failed where and why, and what it cost. */
export function renderOutcome(rows: readonly ManifestRow[], cost: Cost, width?: number): string {
  const table = renderTable<ManifestRow>(
    [
      { title: "entry", of: (row) => row.entry_id, least: 36 },
      { title: "result", of: resultOf, least: 9 },
      { title: "tok/s", of: (row) => row.tokens_per_second, digits: 1 },
      { title: "$", of: (row) => row.total_cost, digits: 3 },
    ],
    rows,
    width,
  );
  const reasons = rows.filter(({ failure_reason }) => failure_reason !== null)
    .map((row) => `${row.entry_id}: ${resultOf(row)}: ${row.failure_reason}\n`);
  return `${table}${reasons.join("")}${renderCost(cost)}`;
}

/** What the money was spent on; nothing when none was. */
export function renderCost({ usd, split }: Cost): string {
  if (usd === 0) return "";
  const parts = COST_KINDS.filter((kind) => split[kind] > 0).map((kind) =>
    `${kind} $${split[kind].toFixed(3)}`
  );
  return `Cost $${usd.toFixed(3)}: ${parts.join(", ")}\n`;
}

function resultOf({ status, failure_stage }: ManifestRow): string {
  return failure_stage === null ? status : `${status} at ${failure_stage}`;
}

function entriesIn({ sittings }: ShownPlan["leases"][number]): number {
  return sittings.reduce((sum, { entries }) => sum + entries.length, 0);
}

/** The texts, each as wide as the widest. */
function padded(texts: readonly string[]): string[] {
  const width = Math.max(0, ...texts.map(({ length }) => length));
  return texts.map((text) => text.padEnd(width));
}

function count(n: number, one: string, many: string): string {
  return `${n} ${n === 1 ? one : many}`;
}
