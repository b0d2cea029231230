// What is said of the labels of a window, and of history that was taken as known before it was.

/** Rows of a window by the state of their label. */
export interface LabelCounts {
  /** Rows to learn or judge from: with a mature label, or one that is assumed. */
  readonly labelledRows: number;
  /** Of those, rows whose label is absent after its delay and counts as negative. */
  readonly assumedLabels: number;
  /** Rows without a label that is not expected yet. */
  readonly awaitedLabels: number;
  /** Rows without a label that should be there. */
  readonly overdueLabels: number;
}

/** A view of which rows were seen although `known` alone would have hidden them. */
export interface Backfilled {
  readonly table: string;
  readonly knownSince: string;
  /** Rows of the dataset that saw one. */
  readonly rows: number;
}

/**
 * The labels of a window in words; what there is none of is left out.
 *
 * @example labelsInWords({ labelledRows: 90, assumedLabels: 0, awaitedLabels: 8, overdueLabels: 2 })
 * // '90 labelled, 8 awaited, 2 overdue'
 */
export function labelsInWords(counts: LabelCounts): string {
  const { labelledRows, assumedLabels, awaitedLabels, overdueLabels } = counts;
  const assumed = assumedLabels > 0 ? ` (${assumedLabels} assumed negative)` : '';
  const others = [
    ...(awaitedLabels > 0 ? [`${awaitedLabels} awaited`] : []),
    ...(overdueLabels > 0 ? [`${overdueLabels} overdue`] : []),
  ];
  return [`${labelledRows} labelled${assumed}`, ...others].join(', ');
}

/** Which history was taken as known at its own time; empty where none was. */
export const backfilledInWords = (backfilled: readonly Backfilled[]): string =>
  backfilled
    .map(
      ({ table, knownSince, rows }) =>
        `${rows} ${rows === 1 ? 'row' : 'rows'} saw history of ${table} that was loaded later (knownSince ${knownSince})`,
    )
    .join('; ');
