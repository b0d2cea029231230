// What the columns of a window amount to.
import { type DriftStatus } from './family.ts';
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

/**
 * Drifted when at least `threshold` of the columns by weight are, with at least one, or when a critical one is; not
 * measurable when no column is.
 *
 * @example summariseWindow(columns, 0.3).drifted
 */
export function summariseWindow(columns: readonly ColumnVerdict[], threshold: number): WindowSummary {
  const drifted = withStatus(columns, 'drifted');
  const unmeasured = withStatus(columns, 'not measurable');
  const critical = drifted.filter((column) => column.critical);
  const weight = weigh(columns);
  const share = weight > 0 ? weigh(drifted) / weight : 0;
  const enough = critical.length > 0 || (drifted.length > 0 && share >= threshold);
  const nothingMeasured = unmeasured.length === columns.length;
  return {
    status: enough ? 'drifted' : nothingMeasured ? 'not measurable' : 'stable',
    drifted: enough,
    share,
    threshold,
    driftedColumns: names(drifted),
    criticalColumns: names(critical),
    notMeasurable: names(unmeasured),
    reason: windowWords(columns, share, threshold),
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
    const weighted = `weighted share ${Number(share.toPrecision(3))}, ${side} ${threshold}`;
    parts.push(`${drifted.length} of ${columns.length} columns drifted (${named(drifted)}): ${weighted}`);
  }
  if (critical.length > 0) parts.push(`critical: ${named(critical)}`);
  if (unmeasured.length > 0) parts.push(`not measurable: ${named(unmeasured)}`);
  return parts.join('; ');
}
