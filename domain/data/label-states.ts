// Counts of the label states of a window and of backfilled rows, and their descriptions.

/** Rows of a window by the state of their label. */
export interface LabelCounts {
  /** Rows with a mature or assumed label, which can be used for training or evaluation. */
  readonly labelledRows: number;
  /**
   * Rows for which no label arrived within its delay, and which therefore count as negative. They are included in
   * `labelledRows`.
   */
  readonly assumedLabels: number;
  /** Rows without a label whose delay has not passed yet. */
  readonly awaitedLabels: number;
  /** Rows without a label whose delay has passed. */
  readonly overdueLabels: number;
}

/**
 * A view with backfilled history: rows that were loaded later and, because of `knownSince`, count as known at their own
 * timestamp.
 */
export interface Backfilled {
  readonly table: string;
  readonly knownSince: string;
  /** Rows of the dataset that use such history. */
  readonly rows: number;
}

/**
 * Describes the labels of a window; states without rows are left out.
 *
 * @example describeLabels({ labelledRows: 90, assumedLabels: 0, awaitedLabels: 8, overdueLabels: 2 })
 * // '90 labelled, 8 awaited, 2 overdue'
 */
export function describeLabels(counts: LabelCounts): string {
  const { labelledRows, assumedLabels, awaitedLabels, overdueLabels } = counts;
  const assumed = assumedLabels > 0 ? ` (${assumedLabels} assumed negative)` : '';
  const others = [
    ...(awaitedLabels > 0 ? [`${awaitedLabels} awaited`] : []),
    ...(overdueLabels > 0 ? [`${overdueLabels} overdue`] : []),
  ];
  return [`${labelledRows} labelled${assumed}`, ...others].join(', ');
}

/** Describes the backfilled history that a dataset uses; empty if it uses none. */
export const describeBackfilled = (backfilled: readonly Backfilled[]): string =>
  backfilled
    .map(
      ({ table, knownSince, rows }) =>
        `${rows} ${rows === 1 ? 'row uses' : 'rows use'} history of ${table} that was loaded later (knownSince ${knownSince})`,
    )
    .join('; ');
