// Reasons to retrain: what was measured of a window, each held against its bound.
import { fixed } from '../numbers-in-words.ts';
import { type Interval } from '../data/math/interval.ts';
import { type RuleResult } from './rule.ts';

/** What was measured of a window. */
export interface MeasuredFacts {
  /** The version in Production; null before the first. */
  readonly champion: {
    readonly version: number;
    readonly promised: Interval | null;
    /** It came from elsewhere, and what it promised may rest on rows that it had learnt; absent where it did not. */
    readonly unproven?: true;
  } | null;
  readonly drift: {
    readonly share: number;
    readonly driftedColumns: readonly string[];
    /** How far the AUC of telling window from reference surely lies above 0.5; null where it was not measured. */
    readonly together?: { readonly excess: number; readonly least: number } | null;
  } | null;
  /** The champion's realised AUC on this window's holdout; null where too few labels are mature. */
  readonly realised: Interval | null;
  /** Its AUC estimated on holdout rows without a label, and the least that is no alarm; null where nothing was estimated. */
  readonly estimated: { readonly value: number; readonly least: number } | null;
}

/** There is no champion. */
export const bootstrap = ({ champion }: MeasuredFacts): RuleResult => ({
  name: 'bootstrap',
  held: champion === null,
  value: champion?.version ?? null,
  bound: null,
  words: champion === null ? 'no version is in Production' : `version ${champion.version} is in Production`,
});

/** The realised AUC is surely below the promised one: the upper end of its interval is below the lower end of the promise. */
export function performance({ champion, realised }: MeasuredFacts): RuleResult {
  const promised = champion?.promised ?? null;
  const rule = { name: 'performance', value: realised?.value ?? null, bound: promised?.low ?? null };
  if (champion === null) return { ...rule, held: false, words: 'no champion whose AUC could be realised' };
  if (promised === null) return { ...rule, held: false, words: 'the champion promised no AUC' };
  if (realised === null) return { ...rule, held: false, words: 'too few mature labels to realise an AUC' };
  const held = realised.high < promised.low;
  const [value, high, from, to] = fixed([realised.value, realised.high, promised.low, promised.high]);
  return {
    ...rule,
    held,
    words:
      `the champion's AUC is ${value} (at most ${high}), ` +
      `${held ? 'below' : 'not surely below'} the ${from} to ${to} it promised`,
  };
}

/** The estimated AUC is below what the reference's chunks stray to. It cannot see concept drift. */
export function estimatedPerformance({ estimated }: MeasuredFacts): RuleResult {
  const rule = {
    name: 'estimated performance',
    value: estimated?.value ?? null,
    bound: estimated?.least ?? null,
  };
  if (estimated === null) return { ...rule, held: false, words: 'no AUC was estimated' };
  const held = estimated.value < estimated.least;
  const [value, least] = fixed([estimated.value, estimated.least]);
  return {
    ...rule,
    held,
    words: `the AUC estimated without labels is ${value}, ${held ? 'below' : 'not below'} ${least}`,
  };
}

/** A column that the definition marks critical drifted. */
export function critical({ drift }: MeasuredFacts, columns: readonly string[]): RuleResult {
  const drifted = columns.filter((name) => drift?.driftedColumns.includes(name));
  return {
    name: 'critical',
    held: drifted.length > 0,
    value: drifted.join(', '),
    bound: columns.join(', '),
    words:
      drifted.length > 0 ? `critical columns drifted: ${drifted.join(', ')}` : 'no critical column drifted',
  };
}

/** The weighted share of drifted columns reaches the policy's bound. */
export function share({ drift }: MeasuredFacts, bound: number): RuleResult {
  const rule = { name: 'share', value: drift?.share ?? null, bound };
  if (!drift) return { ...rule, held: false, words: 'drift has no reference yet' };
  const held = drift.driftedColumns.length > 0 && drift.share >= bound;
  const [found] = fixed([drift.share], [bound]);
  const names = drift.driftedColumns.length > 0 ? ` (${drift.driftedColumns.join(', ')})` : '';
  return {
    ...rule,
    held,
    words: `${found} of the columns drifted${names}, ${held ? 'at least' : 'below'} ${bound}`,
  };
}

/** All columns together surely tell the window from the reference, however alike each is alone. */
export function multivariate({ drift }: MeasuredFacts): RuleResult {
  const together = drift?.together ?? null;
  const rule = { name: 'multivariate', value: together?.excess ?? null, bound: together?.least ?? null };
  if (together === null)
    return { ...rule, held: false, words: 'how well all columns together tell the window was not measured' };
  const held = together.excess >= together.least;
  const [found, least] = fixed([0.5 + together.excess, 0.5 + together.least]);
  return {
    ...rule,
    held,
    words:
      `all columns together tell the window from the reference with an AUC of at least ${found}, ` +
      `${held ? 'not below' : 'below'} ${least}`,
  };
}
