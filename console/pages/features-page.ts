// The features of a model: each view with its times, columns and contracts, how fresh the online rows are, and the SQL of the join.
import {
  type DescribedColumn,
  type DescribedDefinition,
  type DescribedView,
} from '../../domain/decisions/describe/describe-definition.ts';
import { address } from '../address.ts';
import { ago, count, counted, percent, thousandths, time } from '../format.ts';
import { html, type Html, nothing } from '../html.ts';
import { crumbs, type Page } from '../parts/layout.ts';
import { empty, facts, section, table, tag } from '../parts/parts.ts';

/** How a column did in the newest report. */
export interface ColumnState {
  readonly status: 'drifted' | 'stable' | 'not measurable';
  readonly importance: number | null;
}

/** The online rows of one definition. */
export interface OnlineFreshness {
  readonly definitionVersion: number;
  /** Up to which instant they are complete; null if they never were. */
  readonly asOf: Date | null;
  readonly run: {
    readonly lookedAt: number;
    readonly entities: number | null;
    readonly updatedAt: Date;
  } | null;
}

/** What the page shows. */
export interface FeaturesView {
  readonly model: string;
  readonly definitionVersion: number;
  readonly described: DescribedDefinition;
  /** By feature; empty before the first report. */
  readonly states: ReadonlyMap<string, ColumnState>;
  readonly report: { readonly id: number; readonly asOf: Date } | null;
  readonly online: readonly OnlineFreshness[];
  /** The statement that joins a window, with index look-ups for every view. */
  readonly sql: string;
}

/** The page of a model's features. */
export function featuresPage(view: FeaturesView, now: Date): Page {
  const { model, definitionVersion, described, sql } = view;
  const { views, derived, entity, rows, label, holdout } = described;
  const columns = views.reduce((sum, { columns: of }) => sum + of.length, 0);
  return {
    title: `Features of ${model}`,
    section: 'models',
    body: html`${crumbs(html`<a href="${address.overview}">Models</a>`, html`<a href="${address.model(model)}">${model}</a>`, 'features')}
      <h1>Features <span class="soft">of ${model}, definition ${definitionVersion}</span></h1>
      <p class="sub">
        ${counted(columns, 'column')} of
        ${counted(views.length, 'view')}${derived.length > 0 && html` and ${counted(derived.length, 'derived column')}`},
        one row for each ${entity.name} and <code>${rows.timestamp}</code> of <code>${rows.table}</code>.
      </p>
      ${online(view, now)}${views.map((each, at) => viewSection(view, each, at))}${derived.length > 0 && derivedSection(view)}${section(
        'Label and holdout',
        'label',
        facts([
          [
            'Label',
            html`<code>${label.table}.${label.column}</code>, positive if it is
              <code>${JSON.stringify(label.positive)}</code>`,
          ],
          [
            'Expected',
            html`${label.delay} after
              <code>${label.timestamp}</code
              >${label.known !== undefined && html`; known at <code>${label.known}</code>`}`,
          ],
          [
            'Holdout',
            `${percent(holdout.share)} of the clusters by ${(holdout.cluster ?? entity.keys).join(', ')}, chosen by a hash of their keys`,
          ],
        ]),
      )}${section(
        'The join',
        'join',
        html`<details class="more">
          <summary>The statement that joins a window</summary>
          <pre class="sheet pad scroll" tabindex="0">${sql}</pre>
        </details>`,
        {
          note: html`The value that was known at the time of each row.
            <code>tidegate features sql ${model} --as-of …</code> prints it with a window filled in.`,
        },
      )}`,
  };
}

function online({ online: states, definitionVersion }: FeaturesView, now: Date): Html {
  if (states.length === 0)
    return section(
      'Online rows',
      'online',
      empty(
        'There are no online rows, so predictions need the features in the request.',
        'tidegate materialize writes them; a version that goes to Staging has them written before.',
      ),
    );
  return section(
    'Online rows',
    'online',
    table(
      'Online rows',
      [{ name: 'Definition' }, { name: 'Complete up to' }, { name: 'Age', number: true }, { name: 'Run' }],
      states.map(({ definitionVersion: version, asOf, run }) => [
        html`definition ${version}${version === definitionVersion && html` ${tag('quiet', 'in force')}`}`,
        asOf === null ? 'never' : time(asOf),
        asOf === null ? '–' : ago(asOf, now),
        run === null
          ? 'none open'
          : html`${tag('now', 'running')}
            ${count(run.lookedAt)}${run.entities !== null && html` of ${count(run.entities)}`} entities, last
            progress ${ago(run.updatedAt, now)}`,
      ]),
    ),
    { note: 'What a prediction by key uses.' },
  );
}

const NAMES = { drifted: 'alarm', stable: 'quiet', 'not measurable': 'wait' } as const;

function columnsTable(
  caption: string,
  columns: readonly (DescribedColumn & { readonly formula?: string })[],
  { states }: FeaturesView,
): Html {
  const hasFormula = columns.some(({ formula }) => formula !== undefined);
  return table(
    caption,
    [
      { name: 'Column' },
      { name: 'Type' },
      ...(hasFormula ? [{ name: 'Formula' }] : []),
      { name: 'Contract' },
      { name: 'Drift' },
      { name: 'Importance', number: true, wide: true },
    ],
    columns.map(({ name, type, isFeature, contract, drift, formula }) => {
      const state = states.get(name);
      return [
        name,
        html`${type}${!isFeature && html` <small>input only</small>`}`,
        ...(hasFormula ? [html`<code>${formula ?? ''}</code>`] : []),
        html`<span class="why">${contract.length === 0 ? 'none' : contract.join(', ')}</span>`,
        html`${state ? tag(NAMES[state.status], state.status) : '–'}${drift.length > 0 && html` <small>${drift.join(', ')}</small>`}`,
        state?.importance == null ? '–' : thousandths(state.importance),
      ];
    }),
  );
}

function viewSection(view: FeaturesView, each: DescribedView, at: number): Html {
  const {
    table: source,
    name,
    timestamp,
    known,
    lag,
    knownSince,
    ttl,
    maxAge,
    freshness,
    keys,
    columns,
  } = each;
  const renamed = Object.entries(keys).map(([key, column]) => (key === column ? key : `${key} in ${column}`));
  const times = [
    html`a row describes <code>${timestamp}</code>`,
    known === undefined
      ? html`and counts as known at once`
      : html`became known at <code>${known}</code>, at most ${lag ?? '0 hours'} later`,
    ...(knownSince === undefined ? [] : [html`history loaded before ${knownSince} counts as known`]),
    ttl === undefined ? html`may have any age` : html`may be ${ttl} old`,
    ...(maxAge === undefined ? [] : [html`online at most ${maxAge}`]),
    ...(freshness === undefined
      ? []
      : [html`the newest row must be within ${freshness.within}, otherwise ${freshness.severity}`]),
  ];
  const title = name === undefined ? source : `${name} (${source})`;
  return section(title, `view-${at}`, columnsTable(`Columns of ${title}`, columns, view), {
    note: html`Keyed by ${renamed.join(', ')};
    ${times.map((part, index) => html`${index > 0 && ', '}${part}`)}.`,
  });
}

const derivedSection = (view: FeaturesView): Html =>
  section('Derived columns', 'derived', columnsTable('Derived columns', view.described.derived, view), {
    note: view.report
      ? html`Drift and importance of all columns as of the
          <a href="${address.report(view.model, view.report.id)}">newest report</a>.`
      : nothing,
  });
