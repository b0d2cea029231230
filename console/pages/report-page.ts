// The page of a report, and the list of a model's reports.
import { address, query } from '../address.ts';
import { ago, count, counted, percent, three, time } from '../format.ts';
import { html, type Html, nothing } from '../html.ts';
import { crumbs, type Page } from '../parts/layout.ts';
import { empty, table, tag } from '../parts/parts.ts';
import { reportBody } from '../report/report-body.ts';
import { type Order, type ReportView } from '../report/report-view.ts';

/** Columns on one page. */
export const COLUMNS_PAGE = 100;

/** What the reader asked to see. */
export interface ReportQuery {
  readonly order: Order;
  readonly onlyDrifted: boolean;
  readonly page: number;
}

const ORDER_NAMES: readonly (readonly [Order, string])[] = [
  ['drift', 'by drift'],
  ['importance', 'by importance'],
  ['name', 'by name'],
];

/** The page of a report. @param older and `newer` are reports of the model before and after it */
export function reportPage(
  view: ReportView,
  { order, onlyDrifted, page }: ReportQuery,
  { older, newer }: { readonly older: number | null; readonly newer: number | null },
): Page {
  const { model, id, asOf, drift } = view;
  const here = address.report(model, id);
  const columns = drift?.measured ? drift.verdict.columns : [];
  const drifted = columns.filter(({ status }) => status === 'drifted').length;
  const shown = onlyDrifted ? drifted : columns.length;
  const pages = Math.max(1, Math.ceil(shown / COLUMNS_PAGE));
  const at = Math.min(page, pages);
  const to = (change: Partial<Record<'order' | 'show' | 'page', string | number | undefined>>): string =>
    `${here}${query({ order: order === 'drift' ? undefined : order, show: onlyDrifted ? 'drifted' : undefined, ...change })}#columns`;
  const orders = ORDER_NAMES.filter(([each]) => each !== 'importance' || view.importance.size > 0);
  const controls = html`<div class="columns-controls">
    <div class="choices">
      <a href="${to({ show: undefined })}" ${!onlyDrifted && html` aria-current="true"`}
        >All <small>${count(columns.length)}</small></a
      >
      <a href="${to({ show: 'drifted' })}" ${onlyDrifted && html` aria-current="true"`}
        >Drifted <small>${count(drifted)}</small></a
      >
    </div>
    <div class="choices">
      ${orders.map(([each, name]) => html`<a href="${to({ order: each === 'drift' ? undefined : each })}" ${each === order && html` aria-current="true"`}>${name}</a>`)}
    </div>
  </div>`;
  const pager =
    pages > 1
      ? html`<nav class="pages" aria-label="Pages of the columns">
          <span>${at > 1 && html`<a href="${to({ page: at - 1 })}">Back</a>`}</span
          ><span
            >columns ${count((at - 1) * COLUMNS_PAGE + 1)} to ${count(Math.min(shown, at * COLUMNS_PAGE))} of
            ${count(shown)}</span
          ><span>${at < pages && html`<a href="${to({ page: at + 1 })}">More</a>`}</span>
        </nav>`
      : nothing;
  return {
    title: `${model}, window up to ${asOf.toISOString().slice(0, 10)}`,
    section: 'models',
    live: model,
    body: html`${crumbs(html`<a href="${address.overview}">Models</a>`, html`<a href="${address.model(model)}">${model}</a>`, html`<a href="${address.reports(model)}">reports</a>`, `report ${id}`)}
      <h1>${model} <span class="soft">up to ${time(asOf, 'day')}</span> ${status(view)}</h1>
      <p class="sub row-links">
        ${older !== null && html`<a href="${address.report(model, older)}" rel="prev">earlier window</a>`}
        ${newer !== null && html`<a href="${address.report(model, newer)}" rel="next">later window</a>`}
        <span
          >Save as <a href="${here}/file.html" download>one HTML file</a>,
          <a href="${here}/file.md" download>Markdown</a></span
        >
      </p>
      ${reportBody(view, { order, onlyDrifted, skip: (at - 1) * COLUMNS_PAGE, limit: COLUMNS_PAGE, controls: html`${controls}${pager}` })}`,
  };
}

function status({ drift, decision }: ReportView): Html {
  if (!decision) return tag('now', 'being measured');
  if (decision.retrain)
    return tag('alarm', decision.outcome === 'performance' ? 'performance fell' : decision.outcome);
  if (decision.outcome === 'contract broken') return tag('alarm', 'data broken');
  if (drift?.measured && drift.verdict.drifted) return tag('wait', 'drifted');
  return tag(
    'quiet',
    decision.outcome === 'none' || decision.outcome === 'nothing new' ? 'nothing to do' : decision.outcome,
  );
}

/** A report in a list. */
export interface ListedReport {
  readonly reportId: number;
  readonly asOf: Date;
  readonly championVersion: number | null;
  readonly auc: number | null;
  readonly promisedLow: number | null;
  readonly promisedHigh: number | null;
  readonly driftShare: number | null;
  readonly drifted: boolean | null;
  readonly driftedColumns: number | null;
  readonly measuredColumns: number | null;
  readonly brokenContracts: number | null;
  readonly outcome: string | null;
}

/** The table of reports, newest first. */
export const reportsTable = (model: string, reports: readonly ListedReport[], now: Date): Html =>
  table(
    'Reports',
    [
      { name: 'Window up to' },
      { name: 'Outcome' },
      { name: 'AUC', number: true },
      { name: 'Promised', number: true, wide: true },
      { name: 'Drifted', number: true },
      { name: 'Share', number: true, wide: true },
      { name: 'Broken contracts', number: true, wide: true },
      { name: 'Champion', number: true, wide: true },
      { name: 'Age', number: true, wide: true },
    ],
    reports.map((each) => [
      html`<a href="${address.report(model, each.reportId)}">${time(each.asOf, 'day')}</a>`,
      outcomeTag(each),
      each.auc === null ? '–' : three(each.auc),
      each.promisedLow === null || each.promisedHigh === null
        ? '–'
        : html`<span class="nowrap">${three(each.promisedLow)} to ${three(each.promisedHigh)}</span>`,
      each.driftedColumns === null ? '–' : `${each.driftedColumns} of ${each.measuredColumns ?? 0}`,
      each.driftShare === null ? '–' : percent(each.driftShare),
      each.brokenContracts === null ? '–' : count(each.brokenContracts),
      each.championVersion === null ? '–' : `v${each.championVersion}`,
      ago(each.asOf, now),
    ]),
  );

const QUIET: ReadonlySet<string> = new Set(['none', 'nothing new', 'bootstrap']);

function outcomeTag({ outcome, drifted }: ListedReport): Html {
  if (outcome === null) return tag('now', 'being measured');
  if (QUIET.has(outcome)) return drifted ? tag('wait', 'drifted') : tag('quiet', outcome);
  return tag(outcome === 'performance' || outcome === 'contract broken' ? 'alarm' : 'wait', outcome);
}

/** All reports of a model. @param before the last id of this page, for the next one; null if there is none */
export const reportsPage = (
  model: string,
  reports: readonly ListedReport[],
  next: string | null,
  now: Date,
): Page => ({
  title: `Reports of ${model}`,
  section: 'models',
  live: model,
  body: html`${crumbs(html`<a href="${address.overview}">Models</a>`, html`<a href="${address.model(model)}">${model}</a>`, 'reports')}
    <h1>Reports of ${model}</h1>
    <p class="sub">One for each window that was measured, the newest first.</p>
    <div class="row">
      ${reports.length === 0 ? empty('No report yet.', html`The first one is written when a window is monitored: <code>tidegate monitor ${model}</code>.`) : reportsTable(model, reports, now)}
    </div>
    ${next !== null && html`<nav class="pages" aria-label="Pages of the list"><span></span><span>${counted(reports.length, 'report')}</span><a href="${next}" rel="next">Older</a></nav>`}`,
});
