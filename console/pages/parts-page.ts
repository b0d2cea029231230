// Every part of the console on one page, with invented numbers: to look at when a part is made or changed.
import { calibrationChart, rocChart, scoreChart } from '../charts/curves.ts';
import { distribution } from '../charts/distribution.ts';
import { differenceCell, effectCell, intervals } from '../charts/intervals.ts';
import { sparkline } from '../charts/sparkline.ts';
import { timeline } from '../charts/timeline.ts';
import { lasting, time } from '../format.ts';
import { html, type Html } from '../html.ts';
import { crumbs, type Page } from '../parts/layout.ts';
import { empty, facts, figure, figures, notice, section, sign, table, tag } from '../parts/parts.ts';

const bell = (middle: number, width: number): number[] => {
  const heights = Array.from({ length: 16 }, (_, cell) => Math.exp(-(((cell - middle) / width) ** 2)));
  const total = heights.reduce((sum, each) => sum + each, 0);
  return heights.map((each) => each / total);
};

const curve = (power: number): number[] =>
  Array.from({ length: 51 }, (_, step) => Number(((step / 50) ** power).toFixed(4)));

const bins = (bend: number) =>
  Array.from({ length: 10 }, (_, at) => ({
    rows: 140,
    predicted: 0.05 + at * 0.075,
    observed: Math.min(1, (0.05 + at * 0.075) ** bend),
  }));

const numbers = { cells: bell(0, 1).map((_, at) => at / 2), reference: bell(6, 4), window: bell(8.5, 4) };
const words = {
  cells: ['DSL', 'Fiber optic', 'No'],
  reference: [0.42, 0.31, 0.27],
  window: [0.35, 0.44, 0.21],
};
const band = { low: 0.832, high: 0.874 };
const values = [0.853, 0.856, 0.849, 0.858, 0.851, 0.858];

/** The page of all parts. */
export function partsPage(now: Date): Page {
  return {
    title: 'Parts',
    section: null,
    body: html`${crumbs('Parts')}
      <h1>Parts of the console ${tag('wait', 'invented numbers')}</h1>
      <p class="sub">What pages are made of, in both schemes and at any width. Nothing here is real.</p>
      ${section('Statuses', 'statuses', statuses())}${section('Messages', 'messages', messages())}${section('Numbers', 'numbers', figuresOf())}${section('Tables', 'tables', tables())}${section('Pictures', 'pictures', pictures())}${section('A model over time', 'time', html`<div class="sheet">${history(now)}</div>`)}${section('Forms', 'forms', forms(now))}`,
  };
}

const statuses = (): Html =>
  html`<p>
      ${tag('wait', 'waits for a decision')} ${tag('alarm', 'performance fell')}
      ${tag('good', 'in Production')} ${tag('quiet', 'archived')} ${tag('now', 'running')}
    </p>
    <p>
      ${sign('passed')} passed ${sign('failed')} failed ${sign('warned')} warned ${sign('not applicable')} not
      applicable
    </p>`;

const messages = (): Html =>
  html`${notice('good', 'Version 2 was approved. It is in Production as soon as every process has loaded it.')}${notice('wait', 'The wait ends in 4 hours. If nobody decides, the version is archived.')}${notice('alarm', 'The decision was refused: a rejection needs a comment.')}${notice('quiet', 'Nothing was measured yet.')}${html`<div class="empty-space">${empty('No report yet.', 'The first one is written when a window is monitored: tidegate monitor churn.')}</div>`}`;

const figuresOf = (): Html =>
  html`${figures([
    { name: 'AUC of version 2', value: '0.768', note: '0.740 to 0.797' },
    { name: 'version 1', value: '0.558', note: '0.523 to 0.592' },
    { name: 'difference', value: '+0.210', note: '0.170 to 0.250' },
  ])}${facts([
    ['Definition', 'version 1, applied by linus'],
    ['Training rows', '5,637 of 1 September to 30 September 2026'],
  ])}`;

const tables = (): Html =>
  table(
    'Columns',
    [
      { name: 'Column' },
      { name: 'Distribution' },
      { name: 'Effect', number: true },
      { name: 'Against its threshold', wide: true },
      { name: 'Verdict' },
    ],
    [
      [
        'rebuffer_events_7d',
        distribution(numbers, { size: 'row', name: 'rebuffer_events_7d' }),
        '0.356',
        effectCell(0.356, 0.1),
        tag('alarm', 'drifted'),
      ],
      [
        'net_service',
        distribution(words, { size: 'row', name: 'net_service' }),
        '0.071',
        effectCell(0.071, 0.1),
        tag('quiet', 'stable'),
      ],
      [
        'a_column_whose_name_has_about_sixty_characters_in_total_ok',
        distribution({ ...numbers, window: numbers.reference }, { size: 'row', name: 'a' }),
        '0.004',
        effectCell(0.004, 0.1),
        tag('quiet', 'stable'),
      ],
    ],
    { tones: ['hit'] },
  );

const pictures = (): Html =>
  html`<div class="grid">
    ${figure(
      'Intervals',
      intervals(
        [
          { label: 'version 2', kind: 'now', value: 0.768, low: 0.74, high: 0.797 },
          { label: 'version 1', kind: 'before', value: 0.558, low: 0.523, high: 0.592 },
          { label: 'promised', kind: 'band', value: 0.853, low: 0.832, high: 0.874 },
        ],
        'AUC',
      ),
      'The candidate is a full dot, what it is compared with a hollow one.',
    )}${figure('ROC', rocChart({ name: 'version 2', curve: curve(0.35) }, { name: 'version 1', curve: curve(0.85) }), '1,406 held-out users')}${figure(
      'Calibration',
      calibrationChart({ name: 'version 2', curve: bins(1.05) }, { name: 'version 1', curve: bins(1.9) }),
      'Observed rate by predicted score, 95 % intervals',
    )}${figure('Scores', html`${scoreChart({ name: 'version 2', curve: { positive: bell(11, 3), negative: bell(4, 3) } }, 'now')}${scoreChart({ name: 'version 1', curve: { positive: bell(8, 4), negative: bell(6, 4) } }, 'before')}`, 'Shares of all rows')}${figure('Number', distribution(numbers, { size: 'full', name: 'hours' }), 'Reference as bars, window as a line')}${figure('Category', distribution(words, { size: 'full', name: 'net_service' }), 'Values have no order')}${figure(
      'In a line of text',
      html`${sparkline(
        values.map((value) => ({ value, band })),
        'AUC',
      )}${sparkline(
        [...values, 0.72].map((value) => ({ value, band })),
        'AUC',
      )}${differenceCell({ value: 0.03, low: -0.01, high: 0.07 }, 0.2)}${differenceCell({ value: -0.12, low: -0.18, high: -0.06 }, 0.2)}`,
      'A hollow dot is below what was promised',
    )}
  </div>`;

function history(now: Date): Html {
  const at = (months: number): Date =>
    new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - months, 1));
  const points = [0.853, 0.856, 0.849, 0.858, 0.851, 0.7, 0.812, 0.809].map((value, place) => ({
    at: at(8 - place),
    championVersion: place < 6 ? 1 : 2,
    auc: { value, low: value - 0.02, high: value + 0.02 },
    promised: place < 6 ? band : { low: 0.79, high: 0.83 },
    drift: { share: place === 5 ? 0.21 : 0.01 + place / 200, threshold: 0.05, drifted: place === 5 },
  }));
  return timeline(points, [{ at: new Date(at(3).getTime() + 5 * 86_400_000), version: 2 }]);
}

const forms = (now: Date): Html =>
  html`<form class="filter">
      <input type="search" name="q" aria-label="Name" placeholder="Find a model" />
      <div class="choices">
        <a href="#forms" aria-current="true">All</a><a href="#forms">Need a person</a
        ><a href="#forms">Well</a>
      </div>
    </form>
    <p>${time(now)} · ${lasting(532_800_000)} left</p>
    <form class="sheet decide">
      <div>
        <label for="comment">Comment, needed to reject</label
        ><textarea id="comment" name="comment" rows="1" placeholder="What convinced you?"></textarea>
      </div>
      <button class="danger" type="button">Reject</button
      ><button class="main" type="button">Approve version 2</button>
    </form>`;
