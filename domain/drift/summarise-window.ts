// What the columns of a window amount to.
import { apart } from '../numbers-in-words.ts';
import { type DriftStatus, type SignalVerdict } from './family.ts';
import { type DomainClassification } from './multivariate/domain-classifier.ts';
import { multivariateInWords } from './multivariate/multivariate-change.ts';
import { type ColumnVerdict, type DriftVerdict } from './verdict.ts';

/** The part of a verdict that follows from its columns and the policy's share. */
export type WindowSummary = Pick<
  DriftVerdict,
  | 'status'
  | 'drifted'
  | 'share'
  | 'threshold'
  | 'driftedColumns'
  | 'criticalColumns'
  | 'notMeasurable'
  | 'reason'
>;

/** What was judged beside the columns. */
export interface Beside {
  readonly others: readonly SignalVerdict[];
  readonly multivariate: DomainClassification | null;
}

const NOTHING: Beside = { others: [], multivariate: null };

/**
 * Drifted when at least `threshold` of the columns by weight are, with at least one, when a critical one is, or when all
 * columns together are; not measurable when nothing of that is.
 *
 * @example summariseWindow(columns, 0.3).drifted
 */
export function summariseWindow(
  columns: readonly ColumnVerdict[],
  threshold: number,
  { others, multivariate }: Beside = NOTHING,
): WindowSummary {
  const together = others.find(({ kind }) => kind === 'multivariate')?.status ?? 'not measurable';
  const drifted = withStatus(columns, 'drifted');
  const unmeasured = withStatus(columns, 'not measurable');
  const critical = drifted.filter((column) => column.critical);
  const weight = weigh(columns);
  const share = weight > 0 ? weigh(drifted) / weight : 0;
  const enough = critical.length > 0 || (drifted.length > 0 && share >= threshold) || together === 'drifted';
  const nothingMeasured = unmeasured.length === columns.length && together === 'not measurable';
  return {
    status: enough ? 'drifted' : nothingMeasured ? 'not measurable' : 'stable',
    drifted: enough,
    share,
    threshold,
    driftedColumns: names(drifted),
    criticalColumns: names(critical),
    notMeasurable: names(unmeasured),
    reason: [
      windowWords(columns, share, threshold),
      ...(multivariate && together === 'drifted'
        ? [`all columns together drifted: ${multivariateInWords(multivariate, { columns, others })}`]
        : []),
    ].join('; '),
  };
}

const withStatus = (columns: readonly ColumnVerdict[], asked: DriftStatus): ColumnVerdict[] =>
  columns.filter(({ status }) => status === asked);

const names = (columns: readonly ColumnVerdict[]): string[] => columns.map(({ column }) => column);

const weigh = (columns: readonly ColumnVerdict[]): number =>
  columns.reduce((sum, { weight }) => sum + weight, 0);

function windowWords(columns: readonly ColumnVerdict[], share: number, threshold: number): string {
  const named = (of: readonly ColumnVerdict[]): string => names(of).join(', ');
  const drifted = withStatus(columns, 'drifted');
  const critical = drifted.filter((column) => column.critical);
  const unmeasured = withStatus(columns, 'not measurable');
  const parts: string[] = [];
  if (drifted.length === 0) {
    parts.push(`no column drifted, of ${columns.length}`);
  } else {
    const side = share >= threshold ? 'at or above' : 'below';
    const [found = '', bound = ''] = apart([share, threshold]);
    const weighted = `weighted share ${found}, ${side} ${bound}`;
    parts.push(`${drifted.length} of ${columns.length} columns drifted (${named(drifted)}): ${weighted}`);
  }
  if (critical.length > 0) parts.push(`critical: ${named(critical)}`);
  if (unmeasured.length > 0) parts.push(`not measurable: ${named(unmeasured)}`);
  return parts.join('; ');
}
