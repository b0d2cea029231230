// The evidence on a version below its verdict: curves, measures, slices, what drifted, and the proof that nothing leaked.
import { describeLeakProof, describeHoldoutUse } from '../../../domain/decisions/leak-proof.ts';
import { type Slice } from '../../../domain/learning/compare/slices.ts';
import { type ColumnVerdict } from '../../../domain/drift/verdict.ts';
import { address } from '../../address.ts';
import { calibrationChart, rocChart, scoreChart } from '../../charts/curves.ts';
import { distribution } from '../../charts/distribution.ts';
import { differenceCell } from '../../charts/intervals.ts';
import { type Bounded, count, counted, ends, signed, three, time } from '../../format.ts';
import { html, type Html, nothing } from '../../html.ts';
import { figure, notice, section, table, tag } from '../../parts/parts.ts';
import { type VersionView } from './version-view.ts';

/** The sections; those about which nothing is recorded are left out. */
export const evidenceSections = (view: VersionView): Html =>
  html`${curves(view)}${measures(view)}${slices(view)}${cause(view)}${leakProof(view)}`;

const namesOf = ({ version, championVersion }: VersionView) => ({
  now: `version ${version}`,
  before: championVersion === null ? 'class prior' : `version ${championVersion}`,
});

function curves(view: VersionView): Html {
  const { comparison } = view;
  if (!comparison?.curves) return nothing;
  const { curves: of, window } = comparison;
  const { now, before } = namesOf(view);
  const rows = `${count(comparison.rows)} held-out rows up to ${new Date(window.to).toISOString().slice(0, 10)}`;
  return section(
    'Performance on the holdout',
    'performance',
    html`<div class="grid">
      ${figure('ROC curve', rocChart({ name: now, curve: of.candidate.roc }, { name: before, curve: of.champion.roc }), rows)}${figure(
        'Calibration',
        calibrationChart(
          { name: now, curve: of.candidate.calibration },
          { name: before, curve: of.champion.calibration },
        ),
        'Observed rate in ten groups of equal size, with 95 % intervals. On the diagonal, scores are probabilities.',
      )}${figure(
        'Scores',
        html`${scoreChart({ name: now, curve: of.candidate.scores }, 'now')}${scoreChart({ name: before, curve: of.champion.scores }, 'before')}`,
        'How far each version separates the two classes',
      )}
    </div>`,
  );
}

const MEASURES = [
  ['logLoss', 'Log loss', 'lower is better'],
  ['brier', 'Brier score', 'lower is better'],
  ['ece', 'Calibration error', 'lower is better'],
  ['prAuc', 'PR AUC', 'higher is better'],
] as const;

function measures(view: VersionView): Html {
  const { comparison } = view;
  if (!comparison) return nothing;
  const { candidate, champion, difference, measures: of } = comparison;
  const { now, before } = namesOf(view);
  const cell = (value: Bounded): Html => html`${three(value.value)} <small>${ends(value)}</small>`;
  const change = (value: Bounded): Html =>
    html`${signed(value.value)} <small>${signed(value.low)} to ${signed(value.high)}</small>`;
  const rows = [
    [html`AUC <small>higher is better</small>`, cell(candidate.auc), cell(champion.auc), change(difference)],
    ...(of
      ? MEASURES.filter(([key]) => of.candidate[key] !== undefined).map(([key, name, note]) => [
          html`${name} <small>${note}</small>`,
          cell(of.candidate[key]),
          cell(of.champion[key]),
          change(of.difference[key]),
        ])
      : []),
  ];
  return section(
    'Measures',
    'measures',
    table(
      'Measures',
      [
        { name: 'Measure' },
        { name: now, number: true },
        { name: before, number: true },
        { name: 'Difference', number: true },
      ],
      rows,
    ),
    {
      note: `All on the same ${counted(comparison.rows, 'held-out row')}, with 95 % intervals over whole clusters.`,
    },
  );
}

const SHOWN_SLICES = 8;

function slices(view: VersionView): Html {
  const all = view.comparison?.slices ?? [];
  if (all.length === 0) return nothing;
  const intervalOf = ({ simultaneous, difference }: Slice): Bounded => simultaneous ?? difference;
  const sorted = all.toSorted((a, b) => intervalOf(a).high - intervalOf(b).high);
  const reach = Math.min(
    1,
    Math.max(
      0.1,
      ...sorted
        .slice(0, 40)
        .map((slice) => Math.max(Math.abs(intervalOf(slice).low), Math.abs(intervalOf(slice).high))),
    ),
  );
  const list = (part: readonly Slice[], name: string): Html =>
    table(
      name,
      [
        { name: 'Slice' },
        { name: 'Rows', number: true, wide: true },
        { name: 'Difference in AUC' },
        { name: 'Value', number: true },
        { name: 'Interval', number: true },
      ],
      part.map((slice) => {
        const interval = intervalOf(slice);
        const judged = slice.simultaneous !== null;
        return [
          slice.name,
          count(slice.rows),
          differenceCell(interval, reach),
          signed(interval.value),
          judged
            ? html`<span class="nowrap">${signed(interval.low)} to ${signed(interval.high)}</span>`
            : html`<span class="soft">too few to judge</span>`,
        ];
      }),
    );
  const rest = sorted.slice(SHOWN_SLICES);
  return section(
    'Slices',
    'slices',
    html`${list(sorted.slice(0, SHOWN_SLICES), 'Slices, the weakest first')}${
      rest.length > 0 &&
      html`<details class="more">
        <summary>${counted(rest.length, 'more slice')}</summary>
        ${list(rest, 'The other slices')}
      </details>`
    }`,
    {
      note: 'The weakest first. Intervals hold together over all slices that are judged; left of the line the candidate is worse.',
    },
  );
}

/** The drift that caused the retrain. */
function cause({ report, model }: VersionView): Html {
  if (!report?.drift?.measured) return nothing;
  const { verdict } = report.drift;
  const drifted = verdict.columns.filter(({ status }) => status === 'drifted');
  const link = html`<a href="${address.report(model, report.id)}">the whole report</a>`;
  const note = html`${verdict.reason}. Reference as bars, window up to ${time(report.asOf, 'day')} as a line;
  see ${link}.`;
  if (drifted.length === 0)
    return section(
      'What drifted',
      'drift',
      notice('quiet', `None of ${counted(verdict.columns.length, 'column')} drifted.`),
      { note: html`See ${link}.` },
    );
  return section(
    'What drifted',
    'drift',
    table(
      'Columns that drifted',
      [{ name: 'Column' }, { name: 'Distribution' }, { name: 'Verdict' }, { name: 'Why', wide: true }],
      drifted.map((column) => [
        column.column,
        picture(column),
        tag('alarm', column.critical ? 'drifted, critical' : 'drifted'),
        html`<span class="why">${column.words}</span>`,
      ]),
    ),
    { note },
  );
}

const picture = ({ histogram, column }: ColumnVerdict): Html =>
  histogram
    ? distribution(histogram, { size: 'row', name: column })
    : html`<span class="soft">not kept</span>`;

function leakProof({ comparison }: VersionView): Html {
  if (!comparison?.leakProof) return nothing;
  const lines = describeLeakProof(comparison.leakProof);
  return section(
    'Proof that nothing leaked',
    'leak',
    html`<div class="sheet pad">
      <ul class="plain-list">
        ${lines.map((line) => html`<li>${line}</li>`)}${comparison.holdout && html`<li>${describeHoldoutUse(comparison.holdout)}</li>`}
      </ul>
    </div>`,
  );
}
