// The overview: which models need a person, then all others.
import { address, query } from '../address.ts';
import { sparkline, type SparkPoint } from '../charts/sparkline.ts';
import { age, ago, count, counted, lasting, three, time } from '../format.ts';
import { html, type Html, joined, nothing } from '../html.ts';
import { type Page } from '../parts/layout.ts';
import { empty, tag, type Tone } from '../parts/parts.ts';

/** A model as the overview shows it. */
export interface OverviewModel {
  readonly model: string;
  readonly production: number | null;
  readonly productionSince: Date | null;
  readonly staging: number | null;
  readonly decideBy: Date | null;
  readonly stopped: boolean;
  readonly breached: boolean;
  readonly reportId: number | null;
  readonly asOf: Date | null;
  readonly outcome: string | null;
  /** The champion of the newest report. */
  readonly measuredVersion: number | null;
  readonly auc: number | null;
  readonly aucHigh: number | null;
  readonly promisedLow: number | null;
  readonly promisedHigh: number | null;
  readonly estimatedAuc: number | null;
  readonly driftedColumns: number | null;
  readonly measuredColumns: number | null;
  readonly brokenContracts: number | null;
  /** How long after the newest window the next one ends, in milliseconds. */
  readonly everyMs: number;
}

/** The groups of the overview, the most urgent first. */
export const GROUPS = ['decide', 'attention', 'new', 'well'] as const;

/** What a model asks of people. */
export type Group = (typeof GROUPS)[number];

/** Where a model stands: its group, a status in two or three words, and why. */
export interface Standing {
  readonly group: Group;
  readonly tone: Tone;
  readonly status: string;
  readonly why: string;
}

/** Says where a model stands: that a decision waits, or otherwise the worst of its problems. */
export function standingOf(model: OverviewModel, now: Date): Standing {
  const { staging, decideBy, stopped, breached, production, asOf, everyMs } = model;
  if (decideBy !== null && staging !== null)
    return {
      group: 'decide',
      tone: 'wait',
      status: 'decide',
      why: `version ${staging} waits, ${lasting(decideBy.getTime() - now.getTime())} left${because(model)}`,
    };
  const attention = (status: string, why: string, tone: Tone = 'alarm'): Standing => ({
    group: 'attention',
    tone,
    status,
    why,
  });
  if (stopped) return attention('stopped', 'a person stopped its predictions');
  if (breached) return attention('watch broken', `version ${production} broke a rule of its watch`);
  const found = findingOf(model);
  if (found) return attention(found[0], found[1], found[2]);
  if (staging !== null)
    return { group: 'well', tone: 'now', status: 'validating', why: `version ${staging} is being validated` };
  if (production === null)
    return { group: 'new', tone: 'quiet', status: 'no version', why: 'no version is in Production yet' };
  // One window may be late because labels or rows are; after two a person should look.
  if (asOf !== null && now.getTime() - asOf.getTime() > 2 * everyMs)
    return attention('no report', `nothing was measured for ${age(now.getTime() - asOf.getTime())}`, 'wait');
  return { group: 'well', tone: 'quiet', status: 'well', why: driftWords(model) };
}

const because = (model: OverviewModel): string => {
  const found = findingOf(model);
  return found ? `; ${found[1]}` : '';
};

/** Whether the version in Production came after the newest report. */
const isNewer = ({ production, measuredVersion, reportId }: OverviewModel): boolean =>
  reportId !== null && production !== null && production !== measuredVersion;

/** What the newest report found, if it is more than nothing. */
function findingOf(model: OverviewModel): readonly [string, string, Tone] | null {
  const { auc, aucHigh, promisedLow, promisedHigh, outcome, brokenContracts } = model;
  // What was found about a version that has left Production is settled.
  if (isNewer(model)) return null;
  const fell =
    auc !== null && promisedLow !== null && promisedHigh !== null && (aucHigh ?? auc) < promisedLow;
  if (outcome === 'contract broken')
    return ['data broken', `${counted(brokenContracts ?? 1, 'contract')} of the data broken`, 'alarm'];
  if (fell)
    return [
      'performance fell',
      `AUC ${three(auc)}, promised ${three(promisedLow)} to ${three(promisedHigh)}`,
      'alarm',
    ];
  switch (outcome ?? 'none') {
    case 'estimated performance':
      return ['performance fell', 'the AUC estimated without labels left its range', 'alarm'];
    case 'judgement failed':
      return ['not measured', 'a judgement that was due could not be made', 'alarm'];
    case 'waiting for labels':
      return ['waits for labels', 'there is a reason to retrain, but too few labels', 'wait'];
    case 'cooling down':
      return ['cooling down', 'there is a reason to retrain, but a retrain was refused recently', 'wait'];
    case 'critical':
    case 'share':
    case 'multivariate':
      return ['drifted', driftWords(model), 'wait'];
    default:
      return null;
  }
}

const driftWords = (model: OverviewModel): string => {
  const { driftedColumns, measuredColumns, reportId, production } = model;
  if (isNewer(model)) return `no window has been measured since version ${production} was promoted`;
  if (driftedColumns === null || measuredColumns === null)
    return reportId === null ? 'no report yet' : 'drift was not measured';
  return driftedColumns === 0
    ? `none of ${counted(measuredColumns, 'column')} drifted`
    : `${count(driftedColumns)} of ${counted(measuredColumns, 'column')} drifted`;
};

/** What the overview shows. */
export interface Overview {
  /** The models of this page with their groups in order; the others are only counted. */
  readonly shown: readonly {
    readonly model: OverviewModel;
    readonly standing: Standing;
    readonly points: readonly SparkPoint[];
  }[];
  readonly counts: Readonly<Record<Group, number>>;
  /** How many satisfy the filter. */
  readonly found: number;
  readonly search: string;
  readonly group: Group | undefined;
  readonly page: number;
  readonly pages: number;
}

const TITLES: Readonly<Record<Group, string>> = {
  decide: 'Waiting for a decision',
  attention: 'Worth a look',
  new: 'Not in Production yet',
  well: 'Well',
};

/** The overview. */
export function overviewPage(overview: Overview, now: Date): Page {
  const { shown, counts, found, search, group } = overview;
  const total = GROUPS.reduce((sum, each) => sum + counts[each], 0);
  const first = shown.find(({ standing }) => standing.group === 'decide');
  return {
    title: 'Models',
    section: 'models',
    live: '',
    ...(first && { skip: { to: '#decide-first', text: 'Skip to the first decision' } }),
    body: html`<div id="overview" data-part>
      <h1>Models</h1>
      <p class="sub">${sentence(counts, total)}</p>
      ${
        total === 0
          ? html`<div class="filter"></div>
              ${noModels()}`
          : html`${filter(overview, total)}${found === 0 ? empty('No model fits the filter.', html`<a href="${address.overview}">Show all models</a>`) : list(shown, now)}${pager(overview)}`
      }
    </div>`,
  };

  function filter({ search: sought }: Overview, all: number): Html {
    const choice = (to: Group | undefined, name: string, number: number): Html | false =>
      (number > 0 || to === group) &&
      html`<a href="/ui${query({ group: to, q: search })}" ${to === group && html` aria-current="true"`}
        >${name} <small>${count(number)}</small></a
      >`;
    return html`<form class="filter" method="get" action="/ui" role="search">
      <input
        type="search"
        name="q"
        value="${sought}"
        aria-label="Find a model by name"
        placeholder="Find a model"
        maxlength="200"
      />${group && html`<input type="hidden" name="group" value="${group}" />`}
      <div class="choices">
        ${choice(undefined, 'All', all)}${GROUPS.map((each) => choice(each, CHOICES[each], counts[each]))}
      </div>
    </form>`;
  }

  function pager({ page, pages }: Overview): Html {
    if (pages <= 1) return nothing;
    const to = (number: number): string =>
      `/ui${query({ group, q: search, page: number === 1 ? undefined : number })}`;
    return html`<nav class="pages" aria-label="Pages of the list">
      <span>${page > 1 && html`<a href="${to(page - 1)}" rel="prev">Earlier</a>`}</span
      ><span>page ${page} of ${pages}</span
      ><span>${page < pages && html`<a href="${to(page + 1)}" rel="next">More</a>`}</span>
    </nav>`;
  }
}

const CHOICES: Readonly<Record<Group, string>> = {
  decide: 'To decide',
  attention: 'Worth a look',
  new: 'New',
  well: 'Well',
};

function sentence({ decide, attention, well, new: fresh }: Overview['counts'], total: number): Html {
  if (total === 0) return html`There is no model yet.`;
  const parts = [
    decide > 0 && html`<strong>${count(decide)} ${decide === 1 ? 'waits' : 'wait'} for a decision</strong>`,
    attention > 0 && html`${count(attention)} ${attention === 1 ? 'is' : 'are'} worth a look`,
    fresh > 0 && html`${count(fresh)} ${fresh === 1 ? 'has' : 'have'} no version in Production`,
    well > 0 && html`${count(well)} ${well === 1 ? 'is' : 'are'} well`,
  ].filter((part) => part !== false);
  if (well === total) return html`${total === 1 ? 'The model is' : `All ${count(total)} models are`} well.`;
  return html`${joined(parts, ', ')}.`;
}

const noModels = (): Html =>
  empty(
    'No model has been applied yet.',
    html`A definition is a file such as <code>models/churn.ts</code>;
      <code>tidegate apply models/churn.ts</code> checks and stores it.`,
  );

function list(shown: Overview['shown'], now: Date): Html {
  const groups = GROUPS.map((group) => ({
    group,
    rows: shown.filter(({ standing }) => standing.group === group),
  }));
  return html`<div class="sheet models">
    <table>
      <caption class="hidden">
        Models
      </caption>
      <thead>
        <tr>
          <th scope="col">Model</th>
          <th scope="col">Status</th>
          <th scope="col">AUC and what was promised</th>
          <th scope="col">Why</th>
          <th scope="col" class="n wide">Newest report</th>
        </tr>
      </thead>
      ${groups
        .filter(({ rows }) => rows.length > 0)
        .map(
          ({ group, rows }, at) =>
            html`<tbody>
              <tr class="group">
                <th scope="colgroup" colspan="5">${TITLES[group]}</th>
              </tr>
              ${rows.map((row, place) => line(row, now, at === 0 && place === 0 && group === 'decide'))}
            </tbody>`,
        )}
    </table>
  </div>`;
}

function line(
  { model: state, standing: { status, tone, why, group }, points }: Overview['shown'][number],
  now: Date,
  isFirst: boolean,
): Html {
  const { model, production, productionSince, staging, auc, estimatedAuc, asOf, reportId } = state;
  const to = group === 'decide' && staging !== null ? address.version(model, staging) : undefined;
  const stage =
    production === null
      ? 'no version in Production'
      : html`version
        ${production}${productionSince && html` · ${age(now.getTime() - productionSince.getTime())} in Production`}`;
  const picture = sparkline(points, 'AUC');
  return html`<tr>
    <th scope="row" class="name"><a href="${address.model(model)}">${model}</a><small>${stage}</small></th>
    <td>
      ${to === undefined ? tag(tone, status) : html`<a class="button main" href="${to}" ${isFirst && html` id="decide-first"`}>Decide<span class="hidden"> on version ${staging} of ${model}</span></a>`}
    </td>
    <td>
      <div class="measure">
        ${picture}${auc !== null ? html`<span>${three(auc)}</span>` : estimatedAuc !== null ? html`<span title="estimated without labels">≈ ${three(estimatedAuc)}</span>` : html`<span class="soft">no AUC yet</span>`}
      </div>
    </td>
    <td class="why">${why}</td>
    <td class="n wide">
      ${asOf && reportId !== null ? html`<a href="${address.report(model, reportId)}">${time(asOf, 'day')}</a><br /><small>${ago(asOf, now)}</small>` : html`<span class="soft">none</span>`}
    </td>
  </tr>`;
}
