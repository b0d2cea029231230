// Reports as one file: no script, nothing from the network, in both schemes and on paper.
import { type DriftVerdict } from '../../domain/drift/verdict.ts';
import { count, counted } from '../format.ts';
import { html, Html } from '../html.ts';
import { tag } from '../parts/parts.ts';
import { driftOf, EVERYTHING, reportBody } from './report-body.ts';
import { type ReportView } from './report-view.ts';

const DAY = 10;

/**
 * Writes a report as a document.
 *
 * @param style the style sheet, which becomes part of the file
 */
export const reportFile = (view: ReportView, style: string): string =>
  file(
    `${view.model}, window up to ${view.asOf.toISOString().slice(0, DAY)}`,
    html`<p class="crumbs">Tidegate report ${view.id}</p>
      <h1>${view.model} <span class="soft">up to ${view.asOf.toISOString().slice(0, DAY)}</span></h1>
      ${reportBody(view, EVERYTHING)}`,
    style,
  );

/** Two tables that were compared without a model. */
export interface ComparedTables {
  readonly reference: { readonly name: string; readonly rows: number };
  readonly current: { readonly name: string; readonly rows: number };
  readonly verdict: DriftVerdict;
  /** What a reader must know about how the tables were read. */
  readonly notes: readonly string[];
}

/** Writes a comparison of two tables as a document. */
export function driftFile({ reference, current, verdict, notes }: ComparedTables, style: string): string {
  const status =
    verdict.status === 'drifted'
      ? tag('alarm', 'drifted')
      : verdict.status === 'stable'
        ? tag('good', 'stable')
        : tag('wait', 'not measured');
  return file(
    `${current.name} against ${reference.name}`,
    html`<p class="crumbs">Tidegate, two tables compared</p>
      <h1>${current.name} <span class="soft">against ${reference.name}</span> ${status}</h1>
      <p class="sub">
        ${counted(current.rows, 'row')} against
        ${count(reference.rows)}.${notes.map((note) => html` ${note}.`)}
      </p>
      ${driftOf(verdict, EVERYTHING, new Map())}`,
    style,
  );
}

/** A style sheet must not end the element that it stands in. */
const safe = (style: string): Html => new Html(style.replaceAll('<', '\\3c '));

const file = (title: string, body: Html, style: string): string =>
  html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="content-security-policy" content="default-src 'none'; style-src 'unsafe-inline'" />
        <title>${title}</title>
        <style>
          ${safe(style)}
        </style>
      </head>
      <body>
        <main>${body}</main>
      </body>
    </html>`.text;
