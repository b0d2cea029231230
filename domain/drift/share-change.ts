// Hypotheses about a share of rows: missing values, and labels.
import type { FeatureReference } from './feature-reference.ts';
import {
  directionOf,
  measured,
  notMeasurable,
  tooFew,
  type Hypothesis,
  type Question,
} from './hypothesis.ts';
import { missingShare, missingShareChange, shareNoiseFloor } from './missing-share.ts';
import { twoProportionZ, z, type Share } from './two-proportion-z.ts';
import type { WindowProfile } from './window-profile.ts';

/** Whether a column's share of missing values changed: p by the z test, effect by the difference. */
export function missingChange(
  subject: string,
  reference: Share,
  current: Share,
  minRows: number,
): Hypothesis {
  const question = shareQuestion(subject, 'missing', reference, current);
  const reason = tooFew(reference.size, current.size, minRows);
  if (reason !== null) return notMeasurable(question, reason);
  const { difference, pValue } = missingShareChange(reference, current);
  return measured(question, {
    value: difference,
    pValue,
    effectSize: Math.abs(difference),
    noiseFloor: shareNoiseFloor(reference, current),
    direction: directionOf(difference),
  });
}

/**
 * Whether the share of positive labels among mature ones changed, by the z test; material from 0.02. Give it to
 * `judgeWindow` beside the columns, so that it is adjusted with them.
 *
 * @example judgeWindow(reference, profile, policy, [labelChange(reference, profile, 30)]);
 */
export function labelChange(
  reference: FeatureReference,
  profile: WindowProfile,
  minRows: number,
): Hypothesis {
  const question = {
    ...shareQuestion('label', 'label', reference.labels, profile.labels),
    statistic: z.name,
  };
  const reason = tooFew(reference.labels.size, profile.labels.size, minRows);
  if (reason !== null) return notMeasurable(question, reason);
  const test = twoProportionZ(reference.labels, profile.labels);
  const difference =
    profile.labels.hits / profile.labels.size - reference.labels.hits / reference.labels.size;
  return measured(question, {
    value: test.z,
    pValue: test.pValue,
    effectSize: Math.abs(difference),
    noiseFloor: shareNoiseFloor(reference.labels, profile.labels),
    direction: directionOf(difference),
  });
}

const shareQuestion = (
  subject: string,
  kind: 'missing' | 'label',
  reference: Share,
  current: Share,
): Question => ({
  subject,
  kind,
  statistic: missingShare.name,
  effect: missingShare.name,
  threshold: missingShare.threshold,
  referenceSize: reference.size,
  windowSize: current.size,
});
