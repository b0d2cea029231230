// The hypothesis that all columns together changed.
import { intervalInWords } from '../../lifecycle/interval.ts';
import { fixed, rounded } from '../../numbers-in-words.ts';
import { normalSurvival } from '../distributions/normal.ts';
import { type DriftStatus, type SignalVerdict } from '../family.ts';
import { measured, notMeasurable, type Hypothesis } from '../hypothesis.ts';
import { wasserstein } from '../wasserstein.ts';
import { type DomainClassification, domainClassifierTest } from './domain-classifier.ts';

/** What the hypothesis is about, as a report names it. */
export const TOGETHER = 'all columns together';

const MAX_THRESHOLD = 0.15;

/**
 * How far above 0.5 the AUC must surely lie to be material for so many columns, from 0.05 to 0.15. Many columns that each
 * move by less than is material add up to rows that can be told apart: what that explains is no drift of its own.
 *
 * Formula: Φ(s · √k / √2) − 0.5, the AUC of k independent columns that each moved by s = 0.1 standard deviations.
 *
 * @example togetherThreshold(23) // 0.133
 */
export function togetherThreshold(columns: number): number {
  const explained = 0.5 - normalSurvival(wasserstein.threshold * Math.sqrt(columns / 2));
  return Math.min(MAX_THRESHOLD, Math.max(domainClassifierTest.threshold, explained));
}

/**
 * Drifted when the lower end of the AUC's interval exceeds 0.5 by the threshold. It has no p-value: the lower bound
 * decides, as for new categories.
 *
 * @param threshold @default by the number of columns, `togetherThreshold`
 */
export function multivariateChange(
  { auc, reason, referenceRows, windowRows, compared = 0 }: DomainClassification,
  threshold: number = togetherThreshold(compared),
): Hypothesis {
  const question = {
    subject: TOGETHER,
    kind: 'multivariate',
    statistic: domainClassifierTest.name,
    effect: domainClassifierTest.name,
    threshold,
    referenceSize: referenceRows,
    windowSize: windowRows,
  } as const;
  if (auc === null) return notMeasurable(question, reason ?? 'nothing to compare');
  return measured(question, { value: auc.value, effectSize: Math.max(0, auc.low - 0.5) });
}

/** What was judged beside the domain classifier, as a verdict holds it. */
export interface JudgedBeside {
  readonly columns: readonly { readonly column: string; readonly status: DriftStatus }[];
  readonly others: readonly SignalVerdict[];
}

/**
 * How well all columns together tell the sides apart and what is material, which columns carry it and whether each
 * drifted by itself, and what became of the model's scores; or why there is no AUC.
 *
 * @example "AUC 0.611 (0.600 to 0.622) of telling window from reference, surely less than the 0.633 that is material
 * for 23 columns; most by fee (drifted by itself; 0.041 of the AUC); the model's scores are stable (…)"
 */
export function multivariateInWords(
  { auc, reason, columns, compared }: DomainClassification,
  judged: JudgedBeside,
): string {
  if (auc === null) return `all columns together are not measurable: ${reason ?? 'nothing to compare'}`;
  const signal = judged.others.find(({ kind }) => kind === 'multivariate');
  const bounds = signal ? [0.5 + signal.threshold] : [];
  const most = columns.map(({ column, loss }) => {
    const status = judged.columns.find((one) => one.column === column)?.status ?? 'stable';
    return `${column} (${status} by itself; ${rounded(loss, 2)} of the AUC)`;
  });
  return [
    `AUC ${intervalInWords(auc, ...bounds)} of telling window from reference${signal ? materialWords(signal, compared) : ''}`,
    ...(most.length > 0 ? [`most by ${most.join(', ')}`] : []),
    ...judged.others.filter(({ kind }) => kind === 'prediction').map(scoresInWords),
  ].join('; ');
}

function materialWords(
  { status, effectSize, threshold }: SignalVerdict,
  compared: number | undefined,
): string {
  const [low = '', bound = ''] = fixed([0.5 + (effectSize ?? 0), 0.5 + threshold]);
  const of = compared === undefined ? '' : ` for ${compared} ${compared === 1 ? 'column' : 'columns'}`;
  return `, its lower end ${low} ${status === 'drifted' ? 'not below' : 'below'} the ${bound} that is material${of}`;
}

function scoresInWords({ status, effectSize, threshold, reason }: SignalVerdict): string {
  if (effectSize === null) return `the model's scores are not measurable: ${reason ?? 'nothing to compare'}`;
  const [moved = '', bound = ''] = fixed([effectSize, threshold]);
  const size = `moved by ${moved} standard deviations, ${effectSize >= threshold ? 'not below' : 'below'} ${bound}`;
  return `the model's scores ${status === 'drifted' ? 'drifted' : 'are stable'} (${size})`;
}
