// What a report shows, on its page and as a file that stands alone, and the words for it.
import { type RetrainDecision } from '../../domain/decisions/decide-retrain.ts';
import { type DriftPart, type PerformancePart } from '../../domain/decisions/report.ts';
import { type SignalVerdict } from '../../domain/drift/statistics/family.ts';
import { type ColumnVerdict } from '../../domain/drift/verdict.ts';
import { type QualityPart } from '../../domain/quality/quality-part.ts';
import { type EffectHistory } from '../charts/effect-history.ts';

/** A report with what belongs to it. */
export interface ReportView {
  readonly id: number;
  readonly model: string;
  readonly asOf: Date;
  readonly createdAt: Date;
  readonly championVersion: number | null;
  readonly definitionVersion: number;
  readonly dataset: {
    readonly from: Date;
    readonly to: Date;
    readonly rows: number;
    readonly digest: string;
  };
  readonly quality: QualityPart | null;
  readonly drift: DriftPart | null;
  readonly performance: PerformancePart | null;
  readonly decision: RetrainDecision | null;
  /** The interval of the AUC that the champion promised. */
  readonly promised: { readonly low: number; readonly high: number } | null;
  /** How much the AUC of the champion depends on each feature, if that was measured. */
  readonly importance: ReadonlyMap<string, number>;
  /** Effects of columns over the last windows; empty if there is only one window. */
  readonly history: readonly EffectHistory[];
  /** The retrain that it asked for. */
  readonly retrain: { readonly outcome: string | null; readonly version: number | null } | null;
}

/** Orders of the columns. */
export const ORDERS = ['drift', 'importance', 'name'] as const;

/** How columns are ordered: by how far they are above their threshold, by importance, or by name. */
export type Order = (typeof ORDERS)[number];

/** The signal that decided the verdict of a column. */
export const decidingSignal = ({ signals }: ColumnVerdict): SignalVerdict | undefined =>
  signals.find(({ status }) => status === 'drifted') ?? signals[0];

const excess = (column: ColumnVerdict): number => {
  const signal = decidingSignal(column);
  return signal?.effectSize == null || !(signal.threshold > 0) ? -1 : signal.effectSize / signal.threshold;
};

const RANK = { drifted: 0, 'not measurable': 1, stable: 2 } as const;

/** Orders columns; those that drifted come first unless they are ordered by name or importance. */
export function ordered(
  columns: readonly ColumnVerdict[],
  order: Order,
  importance: ReadonlyMap<string, number>,
): ColumnVerdict[] {
  const byName = (a: ColumnVerdict, b: ColumnVerdict): number => a.column.localeCompare(b.column, 'en');
  if (order === 'name') return columns.toSorted(byName);
  if (order === 'importance')
    return columns.toSorted(
      (a, b) => (importance.get(b.column) ?? -1) - (importance.get(a.column) ?? -1) || byName(a, b),
    );
  return columns.toSorted((a, b) => RANK[a.status] - RANK[b.status] || excess(b) - excess(a) || byName(a, b));
}

/** The verdict of a report in one sentence, its beginning to be set in bold. */
export function reportSentence({ decision, drift, performance }: ReportView): {
  readonly strong: string;
  readonly rest: string;
} {
  if (!decision)
    return { strong: 'This window is still being measured', rest: ': its parts appear as they are written.' };
  const { retrain, reason } = decision;
  const outcome: string = decision.outcome;
  const because = `: ${reason}.`;
  if (retrain) return { strong: 'A retrain was started', rest: because };
  switch (outcome) {
    case 'none':
    case 'nothing new':
      return { strong: 'Nothing asks for a retrain', rest: `: ${stateWords(drift, performance)}.` };
    case 'contract broken':
      return { strong: 'The data is broken, so nothing else counts', rest: because };
    case 'waiting for labels':
      return { strong: 'There is a reason to retrain, but too few labels', rest: because };
    case 'cooling down':
      return { strong: 'There is a reason to retrain, but not yet again', rest: because };
    case 'judgement failed':
      return { strong: 'Something that was due could not be measured', rest: because };
    default:
      return { strong: `The outcome is “${outcome}”`, rest: because };
  }
}

function stateWords(drift: DriftPart | null, performance: PerformancePart | null): string {
  const parts: string[] = [];
  if (drift?.measured) {
    const { driftedColumns, columns } = drift.verdict;
    parts.push(
      driftedColumns.length === 0
        ? `none of ${columns.length} columns drifted`
        : `${driftedColumns.length} of ${columns.length} columns drifted, too few to matter`,
    );
  }
  if (performance?.measured && performance.realised?.auc) parts.push('the AUC is within what was promised');
  return parts.length > 0 ? parts.join(', and ') : 'nothing was found';
}
