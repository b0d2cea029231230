// The reasons to retrain: each compares a measure of the window with its bound.
import { fixed } from '../format-numbers.ts';
import { type Interval } from '../data/math/interval.ts';
import { type Reason } from './rule.ts';

/** What was measured in a window. */
export interface MeasuredFacts {
  /** The version in Production; null before the first. */
  readonly champion: {
    readonly version: number;
    readonly promised: Interval | null;
    /** Present if it was imported: the promised AUC may have been measured on rows that it was trained on. */
    readonly unproven?: true;
  } | null;
  readonly drift: {
    readonly share: number;
    readonly driftedColumns: readonly string[];
    /**
     * How far the lower end of the domain classifier's AUC lies above 0.5, and the smallest excess that counts as
     * drift; null if not measured.
     */
    readonly together?: { readonly excess: number; readonly least: number } | null;
  } | null;
  /** The champion's realised AUC on this window's holdout; null if too few labels are mature. */
  readonly realised: Interval | null;
  /**
   * The champion's AUC estimated on holdout rows without a label, and the bound below which it is an alarm; null if not
   * estimated.
   */
  readonly estimated: { readonly value: number; readonly least: number } | null;
}

/** Applies if there is no champion. */
export const bootstrap = ({ champion }: MeasuredFacts): Reason => ({
  name: 'bootstrap',
  applies: champion === null,
  value: champion?.version ?? null,
  bound: null,
  words: champion === null ? 'no version is in Production' : `version ${champion.version} is in Production`,
});

/**
 * Applies if the realised AUC is significantly below the promised one: the upper end of its interval is below the lower
 * end of the promised interval.
 */
export function performance({ champion, realised }: MeasuredFacts): Reason {
  const promised = champion?.promised ?? null;
  const rule = { name: 'performance', value: realised?.value ?? null, bound: promised?.low ?? null };
  if (champion === null) return { ...rule, applies: false, words: 'there is no champion to measure' };
  if (promised === null) return { ...rule, applies: false, words: 'the champion has no promised AUC' };
  if (realised === null) return { ...rule, applies: false, words: 'too few mature labels to measure an AUC' };
  const applies = realised.high < promised.low;
  const [value, high, from, to] = fixed([realised.value, realised.high, promised.low, promised.high]);
  return {
    ...rule,
    applies,
    words:
      `the champion's AUC is ${value} (at most ${high}), ` +
      `${applies ? 'below' : 'not significantly below'} the ${from} to ${to} it promised`,
  };
}

/** Applies if the estimated AUC is below the range of the reference's chunks. It cannot detect concept drift. */
export function estimatedPerformance({ estimated }: MeasuredFacts): Reason {
  const rule = {
    name: 'estimated performance',
    value: estimated?.value ?? null,
    bound: estimated?.least ?? null,
  };
  if (estimated === null) return { ...rule, applies: false, words: 'no AUC was estimated' };
  const applies = estimated.value < estimated.least;
  const [value, least] = fixed([estimated.value, estimated.least]);
  return {
    ...rule,
    applies,
    words: `the AUC estimated without labels is ${value}, ${applies ? 'below' : 'not below'} ${least}`,
  };
}

/** Applies if a column drifted that the definition marks as critical. */
export function critical({ drift }: MeasuredFacts, columns: readonly string[]): Reason {
  const drifted = columns.filter((name) => drift?.driftedColumns.includes(name));
  return {
    name: 'critical',
    applies: drifted.length > 0,
    value: drifted.join(', '),
    bound: columns.join(', '),
    words:
      drifted.length > 0 ? `critical columns drifted: ${drifted.join(', ')}` : 'no critical column drifted',
  };
}

/** Applies if the weighted share of drifted columns reaches the policy's bound. */
export function share({ drift }: MeasuredFacts, bound: number): Reason {
  const rule = { name: 'share', value: drift?.share ?? null, bound };
  if (!drift) return { ...rule, applies: false, words: 'drift has no reference yet' };
  const applies = drift.driftedColumns.length > 0 && drift.share >= bound;
  const [found] = fixed([drift.share], [bound]);
  const names = drift.driftedColumns.length > 0 ? ` (${drift.driftedColumns.join(', ')})` : '';
  return {
    ...rule,
    applies,
    words: `${found} of the columns drifted${names}, ${applies ? 'at least' : 'below'} ${bound}`,
  };
}

/**
 * Applies if a classifier on all columns together separates the window from the reference, however small the drift of
 * each column is.
 */
export function multivariate({ drift }: MeasuredFacts): Reason {
  const together = drift?.together ?? null;
  const rule = { name: 'multivariate', value: together?.excess ?? null, bound: together?.least ?? null };
  if (together === null)
    return { ...rule, applies: false, words: 'drift of all columns together was not measured' };
  const applies = together.excess >= together.least;
  const [found, least] = fixed([0.5 + together.excess, 0.5 + together.least]);
  return {
    ...rule,
    applies,
    words:
      `all columns together separate the window from the reference with an AUC of at least ${found}, ` +
      `${applies ? 'not below' : 'below'} ${least}`,
  };
}
