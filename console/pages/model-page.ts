// The page of a model: how it does, what was in Production and who approved it, its versions and its definition.
import { type Difference, formatValue } from '../../domain/model/differences.ts';
import { address, query } from '../address.ts';
import { timeline, type TimelineMove, type TimelinePoint } from '../charts/timeline.ts';
import { ago, count, counted, dayText, ends, percent, three, time } from '../format.ts';
import { html, type Html, nothing } from '../html.ts';
import { crumbs, type Page } from '../parts/layout.ts';
import { empty, figures, notice, section, table, tag } from '../parts/parts.ts';
import { type ListedReport, reportsTable } from './report-page.ts';

/** A version in the list. */
export interface ModelVersion {
  readonly version: number;
  readonly stage: 'None' | 'Staging' | 'Production' | 'Archived';
  readonly createdAt: Date;
  readonly trainer: string;
  readonly auc: number | null;
  readonly aucLow: number | null;
  readonly aucHigh: number | null;
  readonly movedAt: Date | null;
  readonly reason: string | null;
  readonly actor: string | null;
  readonly detail: string | null;
}

/** A version that went into Production, or left it. */
export interface ProductionMove {
  readonly at: Date;
  readonly version: number;
  readonly entered: boolean;
  readonly reason: string;
  readonly actor: string;
  readonly detail: string;
  readonly marks: readonly string[];
}

/** A definition, with what it changed in the one before. */
export interface DefinitionChange {
  readonly version: number;
  readonly appliedBy: string;
  readonly appliedAt: Date;
  /** Null for the first, and for the oldest of a list. */
  readonly changes: readonly Difference[] | null;
}

/** What was in Production at an instant that the reader asked about. */
export interface ProductionAt {
  readonly at: Date;
  readonly version: number | null;
  readonly since: Date | null;
  readonly reason: string;
  readonly actor: string;
  readonly approvedBy: readonly string[];
  readonly stopped: boolean;
}

/** A model with what belongs to it. */
export interface ModelView {
  readonly model: string;
  readonly description: string;
  readonly every: string;
  readonly production: number | null;
  readonly productionSince: Date | null;
  readonly staging: number | null;
  readonly stopped: { readonly at: Date; readonly actor: string; readonly reason: string } | null;
  readonly points: readonly TimelinePoint[];
  readonly moves: readonly ProductionMove[];
  readonly versions: readonly ModelVersion[];
  /** Where the older versions begin; null if all are shown. */
  readonly olderVersions: number | null;
  readonly reports: readonly ListedReport[];
  readonly definitions: readonly DefinitionChange[];
  /** The definition in force, as JSON. */
  readonly definition: string;
  readonly asked: ProductionAt | null;
}

/** The page of a model. */
export function modelPage(view: ModelView, now: Date): Page {
  const { model, description, stopped, production } = view;
  return {
    title: model,
    section: 'models',
    live: model,
    body: html`${crumbs(html`<a href="${address.overview}">Models</a>`, model)}
      <div id="head" data-part>
        <h1>${model} ${standing(view)}</h1>
        <p class="sub">
          ${description === '' ? html`A window is measured every ${view.every.replace(/^1 /, '')}.` : description}
        </p>
        ${production === null ? nothing : html`<p class="row-links"><a href="${address.try(model)}">Try a prediction</a></p>`}${stopped && notice('alarm', html`<strong>Answers no predictions</strong> since ${time(stopped.at)}: ${stopped.actor} stopped them: ${stopped.reason}`)}
      </div>
      ${newest(view)}${overTime(view)}${reports(view, now)}${versions(view, now)}${inProduction(view)}${definition(view)}`,
  };
}

const standing = ({ production, productionSince, staging, model }: ModelView): Html =>
  html`${
    production === null
      ? tag('quiet', 'nothing in Production')
      : tag(
          'good',
          html`version ${production} in
          Production${productionSince && html` since ${dayText(productionSince)}`}`,
        )
  }${staging !== null && html` <a href="${address.version(model, staging)}">${tag('wait', `version ${staging} in Staging`)}</a>`}`;

/** The newest window in four numbers. */
function newest({ points }: ModelView): Html {
  const last = points.at(-1);
  if (!last) return nothing;
  const { auc, promised, drift, at } = last;
  return html`<div class="row">
    ${figures([
      {
        name: html`AUC, window up to ${dayText(at)}`,
        value: auc ? three(auc.value) : '–',
        note: auc ? ends(auc) : 'not measured: no labels yet',
      },
      {
        name: 'promised',
        value: promised ? `${three(promised.low)} to ${three(promised.high)}` : '–',
        note: promised ? 'on the holdout, before the promotion' : 'the version made no promise',
      },
      {
        name: 'drift',
        value: drift ? percent(drift.share) : '–',
        note: drift ? `of the columns; ${percent(drift.threshold)} counts as drift` : 'not measured',
      },
    ])}
  </div>`;
}

function overTime({ points, moves }: ModelView): Html {
  if (points.length === 0)
    return section(
      'Over time',
      'time',
      empty(
        'No window has been measured yet.',
        'tidegate monitor starts a run; the schedule starts the next by itself.',
      ),
    );
  const entered: TimelineMove[] = moves
    .filter((move) => move.entered)
    .map(({ at, version }) => ({ at, version }));
  return section('Over time', 'time', html`<div class="sheet pad">${timeline(points, entered)}</div>`, {
    note: 'AUC with its 95 % interval, over the band that the version promised; below, the share of columns that drifted, with its threshold. Lines mark promotions.',
  });
}

function reports({ model, reports: list }: ModelView, now: Date): Html {
  if (list.length === 0) return nothing;
  const two = pick(
    address.compareReports(model),
    'report',
    list.map(({ reportId, asOf }) => [reportId, `${reportId}, up to ${dayText(asOf)}`]),
  );
  return section('Reports', 'reports', html`${two}${reportsTable(model, list, now)}`, {
    note: html`The newest ${count(list.length)}; <a href="${address.reports(model)}">all reports</a>.`,
  });
}

/** A form that chooses two of a list to compare them. */
function pick(action: string, noun: string, options: readonly (readonly [number, string])[]): Html {
  if (options.length < 2) return nothing;
  const choice = (name: 'a' | 'b', label: string, chosen: number): Html =>
    html`<label
      ><span class="hidden">${label}</span
      ><select name="${name}">
        ${options.map(
          ([value, text], at) =>
            html`<option value="${value}" ${at === chosen ? html` selected` : ''}>${noun} ${text}</option>`,
        )}
      </select></label
    >`;
  return html`<form class="inline" method="get" action="${action}">
    Compare ${choice('a', `first ${noun}`, 1)} with ${choice('b', `second ${noun}`, 0)}
    <button class="plain">Compare</button>
  </form>`;
}

const STAGE_TONES = { Production: 'good', Staging: 'wait', Archived: 'quiet', None: 'quiet' } as const;

function versions({ model, versions: list, olderVersions }: ModelView, now: Date): Html {
  if (list.length === 0)
    return section(
      'Versions',
      'versions',
      empty(
        'No version has been trained yet.',
        'The first window with enough labels starts the first training.',
      ),
    );
  const more =
    olderVersions === null
      ? nothing
      : html`<p class="row-links">
          <a href="${address.model(model)}${query({ below: olderVersions })}#versions">Older versions</a>
        </p>`;
  return section(
    'Versions',
    'versions',
    html`${pick(
      address.compareVersions(model),
      'version',
      list.map(({ version }) => [version, String(version)]),
    )}${table(
      'Versions',
      [
        { name: 'Version' },
        { name: 'Stage' },
        { name: 'AUC', number: true },
        { name: 'Interval', number: true, wide: true },
        { name: 'Trained', number: true },
        { name: 'Trainer', wide: true },
        { name: 'Last move', wide: true },
      ],
      list.map(({ version, stage, auc, aucLow, aucHigh, createdAt, trainer, ...move }) => [
        html`<a class="nowrap" href="${address.version(model, version)}">version ${version}</a>`,
        tag(STAGE_TONES[stage], stage === 'None' ? 'not staged' : stage),
        auc === null ? '–' : three(auc),
        aucLow === null || aucHigh === null
          ? '–'
          : html`<span class="nowrap">${ends({ value: auc ?? 0, low: aucLow, high: aucHigh })}</span>`,
        ago(createdAt, now),
        trainer,
        html`<span class="why">${moveText(move)}</span>`,
      ]),
    )}${more}`,
    {
      note: 'AUC on the holdout, before the promotion. Two versions were usually measured on different rows.',
    },
  );
}

const moveText = ({
  reason,
  actor,
  detail,
  movedAt,
}: Pick<ModelVersion, 'reason' | 'actor' | 'detail' | 'movedAt'>): string =>
  reason === null || movedAt === null
    ? ''
    : `${reason.replaceAll('_', ' ')} by ${actor ?? 'unknown'}, ${dayText(movedAt)}${detail ? `: ${detail}` : ''}`;

function inProduction({ model, moves, asked }: ModelView): Html {
  const form = html`<form class="inline" method="get" action="${address.model(model)}#production">
    <label
      >What was in Production at the end of
      <input type="date" name="on" value="${asked ? asked.at.toISOString().slice(0, 10) : ''}" required
    /></label>
    <button class="plain">Show</button>
  </form>`;
  const list =
    moves.length === 0
      ? empty('No version has been in Production yet.', 'A person approves the first one.')
      : table(
          'Moves into and out of Production',
          [{ name: 'When' }, { name: 'What' }, { name: 'By' }, { name: 'Why' }],
          moves
            .toReversed()
            .map((move) => [
              time(move.at),
              html`<a href="${address.version(model, move.version)}">version ${move.version}</a>
                ${move.entered ? 'went into Production' : 'left it'}`,
              html`${move.actor}${move.marks.map((mark) => html` ${tag('wait', mark)}`)}`,
              html`<span class="why"
                >${move.reason.replaceAll('_', ' ')}${move.detail !== '' && html`: ${move.detail}`}</span
              >`,
            ]),
        );
  return section(
    'In Production',
    'production',
    html`${form}${asked && notice('quiet', answer(model, asked))}${list}`,
  );
}

function answer(
  model: string,
  { at, version, since, reason, actor, approvedBy, stopped }: ProductionAt,
): Html {
  const day = html`At the end of ${dayText(at)} (UTC)`;
  if (version === null) return html`${day} no version was in Production.`;
  return html`${day} <a href="${address.version(model, version)}">version ${version}</a> was in Production,
    since ${time(since)}: ${reason.replaceAll('_', ' ')} by
    ${actor}${approvedBy.length > 0 && html`; approved by ${approvedBy.join(', ')}`}.${stopped && html` <strong>Predictions were stopped.</strong>`}`;
}

function definition({ model, definitions, definition: text }: ModelView): Html {
  const [current] = definitions;
  if (!current) return nothing;
  return section(
    'Definition',
    'definition',
    html`${table(
        'Definitions',
        [{ name: 'Definition' }, { name: 'Applied' }, { name: 'By' }, { name: 'What changed' }],
        definitions.map(({ version, appliedAt, appliedBy, changes }) => [
          `definition ${version}`,
          time(appliedAt),
          appliedBy,
          changes === null ? html`<span class="soft">–</span>` : changeList(changes),
        ]),
      )}
      <details class="more">
        <summary>Definition ${current.version} as JSON</summary>
        <pre class="sheet pad scroll" tabindex="0">${text}</pre>
      </details>`,
    {
      note: html`${counted(definitions.length, 'definition')}, the newest first; see the
        <a href="${address.features(model)}">features, contracts and the join</a> of the one in force.`,
    },
  );
}

const SHOWN_CHANGES = 8;

export function changeList(changes: readonly Difference[]): Html {
  if (changes.length === 0) return html`<span class="soft">nothing</span>`;
  const rest = changes.length - SHOWN_CHANGES;
  return html`<ul class="plain-list">
    ${changes
      .slice(0, SHOWN_CHANGES)
      .map(
        ({ at, before, now }) =>
          html`<li><code>${at}</code>: ${shortValue(before)} → ${shortValue(now)}</li>`,
      )}${rest > 0 && html`<li class="soft">and ${count(rest)} more</li>`}
  </ul>`;
}

const MAX_VALUE = 120;

function shortValue(value: unknown): Html {
  const text = formatValue(value);
  return text.length <= MAX_VALUE
    ? html`<code>${text}</code>`
    : html`<code title="${text.slice(0, 2_000)}">${text.slice(0, MAX_VALUE)}…</code>`;
}
