// Prints a report: what drifted and why, the champion's performance, and the decision with every rule.
import { type RetrainDecision } from '../../domain/decisions/decide-retrain.ts';
import { type DriftPart, describeEstimate, type PerformancePart } from '../../domain/decisions/report.ts';
import { describeLeakCheck } from '../../domain/learning/leak-alarm.ts';
import { type RuleResult } from '../../domain/decisions/rule.ts';
import { brokenContracts, describeContract, type QualityPart } from '../../domain/quality/quality-part.ts';
import { type Report } from '../../store/registry/reports.ts';
import { type Retrain } from '../../store/registry/retrains.ts';
import { day, formatApart, interval, pValue, short, sparkline, three } from './format.ts';
import { type Cell, type Output, type Table } from './output.ts';
import { type SignalVerdict } from '../../domain/drift/statistics/family.ts';
import { type ColumnVerdict, type DriftVerdict } from '../../domain/drift/verdict.ts';
import { percent, percents } from '../../domain/format-numbers.ts';

/** Prints a report and the retrain that it requested. Says so for each part whose step has not run yet. */
export function printReport(output: Output, report: Report, retrain?: Retrain): void {
  const { id, model, asOf, championVersion, definitionVersion } = report;
  const champion = championVersion === null ? 'no champion' : `champion v${championVersion}`;
  output.heading(
    `Report ${id} of ${model} as of ${day(asOf)} (${champion}, definition ${definitionVersion})`,
  );
  output.line(report.summary ?? 'not closed yet');
  printQuality(output, report.quality);
  printDrift(output, report.drift);
  printPerformance(output, report.performance);
  printDecision(output, report.decision);
  if (retrain) printRetrain(output, retrain);
}

function printRetrain(output: Output, { id, outcome, summary, leaks }: Retrain): void {
  section(output, 'Retrain');
  output.line(`${id}: ${outcome ?? 'running'}${summary === null ? '' : `: ${summary}`}`);
  if (leaks) output.line(describeLeakCheck(leaks));
}

function printQuality(output: Output, part: QualityPart | null): void {
  section(output, 'Quality');
  if (!part) {
    output.line('not checked yet');
    return;
  }
  const broken = brokenContracts(part);
  output.line(`${part.contracts.length - broken.length} of ${part.contracts.length} contracts pass`);
  for (const result of broken) output.line(`${result.severity}: ${describeContract(result)}`);
  for (const { severity, name, column, table, words } of part.findings)
    output.line(`${severity}: ${name}: ${column ?? table ?? 'all columns'}: ${words}`);
}

function printDrift(output: Output, part: DriftPart | null): void {
  section(output, 'Drift');
  if (!part?.measured) {
    output.line(part ? `not measured: ${part.reason}` : 'not measured yet');
    return;
  }
  output.line(part.verdict.reason);
  for (const words of notableColumns(part.verdict)) output.line(words);
  output.table(driftTable(part.verdict));
}

function printPerformance(output: Output, part: PerformancePart | null): void {
  section(output, 'Performance');
  if (!part?.measured) {
    output.line(part ? `not measured: ${part.reason}` : 'not measured yet');
    return;
  }
  if (part.estimated?.measured) output.line(describeEstimate(part.estimated));
  if (!part.realised) {
    output.line('no holdout row has a mature label yet');
    return;
  }
  const { auc, rows, positives, logLoss, brier, ece } = part.realised;
  output.table({
    head: ['version', 'AUC', 'log loss', 'Brier', 'ECE', 'holdout rows', 'positive'],
    rows: [[part.championVersion, interval(auc), three(logLoss), three(brier), three(ece), rows, positives]],
  });
}

function printDecision(output: Output, decision: RetrainDecision | null): void {
  section(output, 'Decision');
  if (!decision) {
    output.line('not decided yet');
    return;
  }
  output.line(`${decision.outcome}: ${decision.reason} (rules ${decision.rulesVersion})`);
  output.table(rulesTable(decision.rules));
}

/** Every rule with its value, its bound and whether it applied. */
const rulesTable = (rules: readonly RuleResult[]): Table => ({
  head: ['rule', 'held', 'value', 'bound', 'explanation'],
  rows: rules.map(({ name, held, value, bound, words }) => [
    name,
    held ? 'yes' : 'no',
    ...valueAndBound(value, bound),
    words,
  ]),
});

function valueAndBound(value: RuleResult['value'], bound: RuleResult['bound']): (string | null)[] {
  if (typeof value === 'number' && typeof bound === 'number') return formatApart([value, bound]);
  return [value, bound].map((one) => (typeof one === 'number' ? short(one) : one));
}

function section(output: Output, title: string): void {
  output.line();
  output.heading(title);
}

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
 * One row per column, with the signal that decided its verdict, and one row each for labels and predictions. `mean`,
 * `missing` and `values` show reference → window. `floor` is the effect that chance alone reaches, `new` the share of values that the
 * reference does not have.
 */
export const driftTable = ({ columns, others, alpha }: DriftVerdict): Table => ({
  head: HEAD,
  rows: [
    ...columns.map((column) => [
      column.column,
      column.status,
      ...sparklines(column),
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

/** One line for each column that is not stable. @example ['n1: drifted: mean 50 → 80, …'] */
export const notableColumns = ({ columns }: DriftVerdict): string[] =>
  columns.filter(({ status }) => status !== 'stable').map(({ column, words }) => `${column}: ${words}`);

const decidingSignal = ({ signals }: ColumnVerdict): SignalVerdict | undefined =>
  signals.find(({ status }) => status === 'drifted') ?? signals[0];

const evidence = (signal: SignalVerdict | undefined, alpha: number): Cell[] => [
  signal?.statistic,
  pValue(signal?.adjustedP, alpha),
  ...formatApart([signal?.effectSize, signal?.threshold]),
  short(signal?.noiseFloor),
];

function means({ mean }: ColumnVerdict): Cell {
  const [from = null, to = null] = formatApart([mean?.reference, mean?.window]);
  return from === null && to === null ? null : `${from ?? 'unknown'} → ${to ?? 'unknown'}`;
}

/** Draws the histograms of reference and window on the same scale; null in reports of earlier releases. */
function sparklines({ histogram }: ColumnVerdict): [Cell, Cell] {
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
