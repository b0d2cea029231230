// The hypothesis that all columns together changed.
import { intervalInWords } from '../../lifecycle/interval.ts';
import { measured, notMeasurable, type Hypothesis } from '../hypothesis.ts';
import { type DomainClassification, domainClassifierTest } from './domain-classifier.ts';

/** What the hypothesis is about, as a report names it. */
export const TOGETHER = 'all columns together';

/**
 * Drifted when the lower end of the AUC's interval exceeds 0.5 by the threshold. It has no p-value: the lower bound
 * decides, as for new categories.
 *
 * @param threshold @default 0.05, about what a shift of 0.18 standard deviations in one column gives
 */
export function multivariateChange(
  { auc, reason, referenceRows, windowRows }: DomainClassification,
  threshold: number = domainClassifierTest.threshold,
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

/** "AUC 0.612 (0.600 to 0.624) of telling window from reference, most by n0, n1", or why there is none. */
export function multivariateInWords({ auc, reason, columns }: DomainClassification): string {
  if (auc === null) return `all columns together are not measurable: ${reason ?? 'nothing to compare'}`;
  const most = columns.length > 0 ? `, most by ${columns.map(({ column }) => column).join(', ')}` : '';
  return `AUC ${intervalInWords(auc)} of telling window from reference${most}`;
}
