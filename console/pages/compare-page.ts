// Two versions, or two reports, of a model side by side.
import { type Difference } from '../../domain/model/differences.ts';
import { address } from '../address.ts';
import { type Bounded, count, digest, ends, thousandths, three, time } from '../format.ts';
import { html, type Html, nothing, type Value } from '../html.ts';
import { crumbs, type Page } from '../parts/layout.ts';
import { notice, section, table, tag } from '../parts/parts.ts';
import { decidingSignal, type ReportView } from '../report/report-view.ts';
import { changeList } from './model-page.ts';

/** One of two versions. */
export interface ComparedVersion {
  readonly version: number;
  readonly stage: string;
  readonly trainer: string;
  readonly createdAt: Date;
  readonly requestedBy: string;
  readonly definitionVersion: number;
  readonly training: {
    readonly from: Date;
    readonly to: Date;
    readonly rows: number;
    readonly digest: string;
  };
  readonly threshold: number | null;
  /** What it scored on its holdout; null if it was not compared. */
  readonly measured: {
    readonly digest: string;
    readonly rows: number;
    readonly auc: Bounded;
    readonly logLoss: Bounded | null;
    readonly brier: Bounded | null;
    readonly ece: Bounded | null;
  } | null;
  /** Importance by feature, largest first. */
  readonly importance: readonly { readonly feature: string; readonly importance: number }[];
}

const frame = (model: string, title: string, body: Html): Page => ({
  title: `${model}: ${title}`,
  section: 'models',
  body: html`${crumbs(html`<a href="${address.overview}">Models</a>`, html`<a href="${address.model(model)}">${model}</a>`, title)}
    <h1>${title} <span class="soft">of ${model}</span></h1>
    ${body}`,
});

/** Two versions side by side. @param changes what the second one's definition changed in the first one's */
export function compareVersionsPage(
  model: string,
  [a, b]: readonly [ComparedVersion, ComparedVersion],
  changes: readonly Difference[],
): Page {
  const both = [a, b];
  const link = ({ version }: ComparedVersion): Html =>
    html`<a href="${address.version(model, version)}">version ${version}</a>`;
  const row = (name: Value, of: (each: ComparedVersion) => Value): Value[] => [name, ...both.map(of)];
  const interval = (value: Bounded | null | undefined): Value =>
    value ? html`${three(value.value)} <small>${ends(value)}</small>` : '–';
  const measured = table(
    'Measures',
    [{ name: 'Measure' }, ...both.map((each) => ({ name: link(each), number: true }))],
    [
      row('AUC', ({ measured: of }) => interval(of?.auc)),
      row('Log loss', ({ measured: of }) => interval(of?.logLoss)),
      row('Brier score', ({ measured: of }) => interval(of?.brier)),
      row('Calibration error', ({ measured: of }) => interval(of?.ece)),
      row('Held-out rows', ({ measured: of }) => (of ? count(of.rows) : '–')),
      row('Digest of the rows', ({ measured: of }) => (of ? digest(of.digest) : '–')),
    ],
  );
  const facts = table(
    'How they were made',
    [{ name: 'What' }, ...both.map((each) => ({ name: link(each) }))],
    [
      row('Stage', ({ stage }) => (stage === 'None' ? 'not staged' : stage)),
      row('Trained', ({ createdAt }) => time(createdAt)),
      row('Asked for by', ({ requestedBy }) => requestedBy),
      row('Trainer', ({ trainer }) => trainer),
      row('Learned from', ({ training: { from, to } }) => html`${time(from, 'day')} to ${time(to, 'day')}`),
      row('Rows of the window', ({ training }) => count(training.rows)),
      row('Dataset', ({ training }) => digest(training.digest)),
      row('Threshold', ({ threshold }) => (threshold === null ? 'none of its own' : three(threshold))),
      row('Definition', ({ definitionVersion }) => `definition ${definitionVersion}`),
    ],
  );
  return frame(
    model,
    `Versions ${a.version} and ${b.version}`,
    html`${comparable([a, b])}${section('Measures', 'measures', measured)}${importance(both, link)}${section('How they were made', 'made', facts)}${
      a.definitionVersion === b.definitionVersion
        ? nothing
        : section(
            'What the definition changed',
            'changes',
            html`<div class="sheet pad">${changeList(changes)}</div>`,
          )
    }`,
  );
}

/** Says whether the measures of two versions can be compared. */
function comparable([a, b]: readonly [ComparedVersion, ComparedVersion]): Html {
  const without = [a, b].filter(({ measured }) => measured === null).map(({ version }) => version);
  if (without.length > 0) {
    const which =
      without.length === 2 ? `Versions ${without.join(' and ')} have` : `Version ${without[0]} has`;
    const why = without.length === 2 ? 'they were' : 'it was';
    return notice('quiet', `${which} no measures, because ${why} not compared with a champion.`);
  }
  return a.measured?.digest === b.measured?.digest
    ? notice('good', 'Both were measured on the same held-out rows, so their numbers can be compared.')
    : notice(
        'wait',
        'They were measured on different rows, so a difference below may come from the rows. Compare a version with the champion of its time on its own page.',
      );
}

const SHOWN_FEATURES = 20;

function importance(both: readonly ComparedVersion[], link: (each: ComparedVersion) => Html): Html {
  const losses = both.map(
    ({ importance: list }) => new Map(list.map((each) => [each.feature, each.importance])),
  );
  const names = [...new Set(both.flatMap(({ importance: list }) => list.map(({ feature }) => feature)))];
  if (names.length === 0) return nothing;
  const greatest = (name: string): number => Math.max(...losses.map((of) => of.get(name) ?? 0));
  const sorted = names.toSorted((x, y) => greatest(y) - greatest(x)).slice(0, SHOWN_FEATURES);
  return section(
    'Importance of features',
    'importance',
    table(
      'Importance of features',
      [{ name: 'Feature' }, ...both.map((each) => ({ name: link(each), number: true }))],
      sorted.map((name) => [
        name,
        ...losses.map((of) => (of.has(name) ? thousandths(of.get(name)!) : 'not a feature')),
      ]),
    ),
    { note: 'How much AUC is lost if the values of a feature are shuffled.' },
  );
}

/** Two reports side by side: performance, then each column that is in either. */
export function compareReportsPage(model: string, [a, b]: readonly [ReportView, ReportView]): Page {
  const both = [a, b];
  const link = ({ id, asOf }: ReportView): Html =>
    html`<a href="${address.report(model, id)}">up to ${time(asOf, 'day')}</a>`;
  const columnsOf = ({ drift }: ReportView) =>
    new Map((drift?.measured ? drift.verdict.columns : []).map((column) => [column.column, column]));
  const columns = both.map(columnsOf);
  const names = [...new Set(columns.flatMap((of) => [...of.keys()]))];
  const effect = (at: number, name: string): number | null => {
    const column = columns[at]?.get(name);
    return (column && decidingSignal(column)?.effectSize) ?? null;
  };
  const change = (name: string): number => Math.abs((effect(1, name) ?? 0) - (effect(0, name) ?? 0));
  const cell = (at: number, name: string): Value => {
    const column = columns[at]?.get(name);
    if (!column) return html`<span class="soft">–</span>`;
    const size = effect(at, name);
    return html`${size === null ? '–' : three(size)}
    ${column.status === 'drifted' ? tag('alarm', 'drifted') : column.status === 'stable' ? tag('quiet', 'stable') : tag('wait', column.status)}`;
  };
  const auc = ({ performance }: ReportView): Value => {
    const realised = performance?.measured ? performance.realised?.auc : undefined;
    return realised ? html`${three(realised.value)} <small>${ends(realised)}</small>` : '–';
  };
  const overall = table(
    'Windows',
    [{ name: 'What' }, ...both.map((each) => ({ name: link(each), number: true }))],
    [
      ['Rows', ...both.map(({ dataset }) => count(dataset.rows))],
      [
        'Champion',
        ...both.map(({ championVersion }) =>
          championVersion === null ? 'none' : `version ${championVersion}`,
        ),
      ],
      ['AUC', ...both.map(auc)],
      ['Outcome', ...both.map(({ decision }) => decision?.outcome ?? 'being measured')],
    ],
  );
  const unmeasured = both.flatMap(({ id, drift }) =>
    drift?.measured
      ? []
      : [notice('quiet', `Report ${id} measured no drift${drift ? `: ${drift.reason}` : ' yet'}.`)],
  );
  const sameReference = a.championVersion === b.championVersion;
  return frame(
    model,
    `Reports ${a.id} and ${b.id}`,
    html`${unmeasured}${section('Windows', 'windows', overall)}${section(
      'Columns',
      'columns',
      names.length === 0
        ? notice('quiet', 'Neither report measured drift.')
        : table(
            'Columns, those that changed most first',
            [{ name: 'Column' }, ...both.map((each) => ({ name: link(each), number: true }))],
            names
              .toSorted((x, y) => change(y) - change(x))
              .map((name) => [name, cell(0, name), cell(1, name)]),
          ),
      {
        note: sameReference
          ? 'Effect sizes against the same reference; the columns that changed most come first.'
          : 'Effect sizes; each window is compared with the training rows of its own champion. The columns that changed most come first.',
      },
    )}`,
  );
}
