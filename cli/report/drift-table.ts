// What drift found, column by column: both sides drawn, and every number that the verdict rests on.
import { type SignalVerdict } from '../../domain/drift/statistics/family.ts';
import { type ColumnVerdict, type DriftVerdict } from '../../domain/drift/verdict.ts';
import { percent, percents } from '../../domain/numbers-in-words.ts';
import { pValue, short, told } from '../output/format.ts';
import { sparkline } from '../output/sparkline.ts';
import { type Cell, type Table } from '../output/table.ts';

const HEAD = [
  'column',
  'verdict',
  'reference',
  'window',
  'mean',
  'test',
  'adjusted p',
  'effect',
  'material from',
  'floor',
  'PSI',
  'PSI floor',
  'missing',
  'new',
  'values',
] as const;

/**
 * One line a column, by its deciding signal, and one for labels and predictions; `mean`, `missing` and `values` are reference →
 * window, `floor` is what the effect reaches where nothing changed, `new` the share of values never seen before.
 */
export const driftTable = ({ columns, others, alpha }: DriftVerdict): Table => ({
  head: HEAD,
  rows: [
    ...columns.map((column) => [
      column.column,
      column.status,
      ...drawn(column),
      means(column),
      ...evidence(decidingSignal(column), alpha),
      psi(column),
      short(column.psi?.noiseFloor),
      missing(column),
      newShare(column),
      sizes(column.signals[0]),
    ]),
    ...others.map((signal) => [
      signal.kind === signal.subject ? signal.kind : `${signal.kind} of ${signal.subject}`,
      signal.status,
      null,
      null,
      null,
      ...evidence(signal, alpha),
      null,
      null,
      null,
      null,
      sizes(signal),
    ]),
  ],
});

/** The columns that are not stable, in words. @example ['n1: drifted: mean 50 → 80, …'] */
export const notableColumns = ({ columns }: DriftVerdict): string[] =>
  columns.filter(({ status }) => status !== 'stable').map(({ column, words }) => `${column}: ${words}`);

const decidingSignal = ({ signals }: ColumnVerdict): SignalVerdict | undefined =>
  signals.find(({ status }) => status === 'drifted') ?? signals[0];

const evidence = (signal: SignalVerdict | undefined, alpha: number): Cell[] => [
  signal?.statistic,
  pValue(signal?.adjustedP, alpha),
  ...told([signal?.effectSize, signal?.threshold]),
  short(signal?.noiseFloor),
];

function means({ mean }: ColumnVerdict): Cell {
  const [from = null, to = null] = told([mean?.reference, mean?.window]);
  return from === null && to === null ? null : `${from ?? 'unknown'} → ${to ?? 'unknown'}`;
}

/** Both sides against the same greatest share, so that their heights compare; nothing in reports from before. */
function drawn({ histogram }: ColumnVerdict): [Cell, Cell] {
  if (!histogram) return [null, null];
  const greatest = Math.max(...histogram.reference, ...histogram.window);
  return [sparkline(histogram.reference, greatest), sparkline(histogram.window, greatest)];
}

const psi = ({ psi: reading }: ColumnVerdict): Cell => reading && `${short(reading.value)} ${reading.band}`;

function missing({ missing: { reference, window } }: ColumnVerdict): Cell {
  if (reference === null || window === null) return null;
  return reference === 0 && window === 0 ? 'none' : percents([reference, window]).join(' → ');
}

function newShare({ signals }: ColumnVerdict): Cell {
  const value = signals.find(({ kind }) => kind === 'new category')?.value;
  return value === undefined || value === null ? null : percent(value);
}

const sizes = (signal: SignalVerdict | undefined): Cell =>
  signal && `${signal.referenceSize} → ${signal.windowSize}`;
