// A report from its verdict to its last column, as the page and the file that stands alone show it.
import { type DriftVerdict } from '../../domain/drift/verdict.ts';
import { describeMultivariate } from '../../domain/drift/multivariate/domain-classifier.ts';
import { effectHistory } from '../charts/effect-history.ts';
import { count, counted, digest, percent, time } from '../format.ts';
import { html, type Html, nothing, type Value } from '../html.ts';
import { facts, figures, notice, section } from '../parts/parts.ts';
import { columnsTable, otherSignals } from './columns.ts';
import { type Order, ordered, reportSentence, type ReportView } from './report-view.ts';
import { decisionSection, performancePicture, performanceSection, qualitySection } from './sections.ts';

/** Which columns are shown. */
export interface Shown {
  readonly order: Order;
  readonly onlyDrifted: boolean;
  /** Columns before the first that is shown, and how many are shown at most. */
  readonly skip: number;
  readonly limit: number;
  /** What stands above the columns, such as links that change what is shown. */
  readonly controls: Value;
}

/** All columns, those that drifted first. */
export const EVERYTHING: Shown = {
  order: 'drift',
  onlyDrifted: false,
  skip: 0,
  limit: Infinity,
  controls: nothing,
};

/** Everything below the title of a report. */
export const reportBody = (view: ReportView, shown: Shown): Html =>
  html`${verdict(view)}${alarms(view)}${driftSection(view, shown)}${overTime(view)}${performanceSection(view)}${qualitySection(view)}${decisionSection(view)}${about(view)}`;

function verdict(view: ReportView): Html {
  const { strong, rest } = reportSentence(view);
  const picture = performancePicture(view);
  const { drift, dataset } = view;
  const numbers = [
    ...(drift?.measured
      ? [
          {
            name: 'columns drifted',
            value: count(drift.verdict.driftedColumns.length),
            note: `of ${count(drift.verdict.columns.length)}; weighted ${percent(drift.verdict.share)}, counts from ${percent(drift.verdict.threshold)}`,
          },
        ]
      : []),
    {
      name: 'rows in the window',
      value: count(dataset.rows),
      note: html`${time(dataset.from, 'day')} to ${time(dataset.to, 'day')}`,
    },
  ];
  return html`<section class="sheet verdict" aria-label="Verdict">
    <div>
      <p class="say"><strong>${strong}</strong>${rest}</p>
      ${figures(numbers)}
    </div>
    ${picture === nothing ? nothing : html`<div>${picture}</div>`}
  </section>`;
}

const alarms = ({ decision }: ReportView): Html =>
  html`${(decision?.alarms ?? []).map((words) => notice('wait', words))}`;

function driftSection({ drift, importance }: ReportView, shown: Shown): Html {
  if (!drift) return section('Columns', 'columns', notice('quiet', 'Drift is not measured yet.'));
  if (!drift.measured)
    return section('Columns', 'columns', notice('quiet', `Drift was not measured: ${drift.reason}.`));
  return driftOf(drift.verdict, shown, importance);
}

/** The columns of a verdict, for reports and for comparisons of two tables. */
export function driftOf(verdict: DriftVerdict, shown: Shown, importance: ReadonlyMap<string, number>): Html {
  const { columns, alpha, others, multivariate, reason, referenceRows, windowRows } = verdict;
  const all = ordered(columns, shown.order, importance).filter(
    ({ status }) => !shown.onlyDrifted || status === 'drifted',
  );
  const part = all.slice(shown.skip, shown.skip + shown.limit);
  return section(
    'Columns',
    'columns',
    html`${shown.controls}${part.length === 0 ? notice('quiet', 'No column drifted.') : columnsTable(part, alpha, importance)}${
      others.length + (multivariate ? 1 : 0) > 0 &&
      html`<div class="sheet pad others">
        ${otherSignals(others, alpha)}${multivariate && html`<p class="sub">${describeMultivariate(multivariate, verdict)}</p>`}
      </div>`
    }`,
    {
      note: html`${sentence(reason)} Reference (${counted(referenceRows, 'row')}) as bars, window
      (${counted(windowRows, 'row')}) as a line.`,
    },
  );
}

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

/** Effects over the last windows as small multiples. */
function overTime({ history }: ReportView): Html {
  if (history.length === 0) return nothing;
  return section(
    'The last windows',
    'windows',
    html`<div class="multiples">
      ${history.map(
        (each) =>
          html`<figure class="sheet">
            <h3>${each.column}</h3>
            ${effectHistory(each)}
          </figure>`,
      )}
    </div>`,
    {
      note: 'Effect of each column that drifted, in this window and those before it; it counts from the dashed line.',
    },
  );
}

function about({ id, dataset, championVersion, definitionVersion, createdAt, retrain }: ReportView): Html {
  return section(
    'About this report',
    'about',
    html`<div class="sheet pad">
      ${facts([
        ['Report', `${id}, written ${createdAt.toISOString().slice(0, 16).replace('T', ' ')} UTC`],
        [
          'Compared with',
          championVersion === null
            ? 'nothing: no version was in Production'
            : `version ${championVersion}, the champion at that time`,
        ],
        ['Definition', `version ${definitionVersion}`],
        [
          'Window',
          html`after ${time(dataset.from, 'day')}, up to ${time(dataset.to, 'day')}; dataset
          ${digest(dataset.digest)}`,
        ],
        ...(retrain
          ? ([
              [
                'Retrain',
                `${retrain.outcome ?? 'running'}${retrain.version === null ? '' : `, version ${retrain.version}`}`,
              ],
            ] as const)
          : []),
      ])}
    </div>`,
  );
}
