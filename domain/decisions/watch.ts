// The watch after a promotion: for a stated time, the requests, scores and labels of the new champion are compared with
// what was promised.
import { type Interval } from '../data/math/interval.ts';
import { fixed, percent } from '../format-numbers.ts';
import { type ModelDefinition } from '../model/definition.ts';
import { durationOf, toMilliseconds } from '../model/parts/duration.ts';

/** The policy of one watch, as it was when a person was asked to decide on the version. */
export interface WatchPolicy {
  /** How long the version is watched, in milliseconds. */
  readonly forMs: number;
  /** Minimum number of requests, or logged scores, from which a rule is judged. */
  readonly minRequests: number;
  readonly maxErrorRate: number;
  readonly maxLatencyMs: number;
  readonly maxScoreShift: number;
  /** Whether a breach only sends a notification, or puts the version back that was replaced. */
  readonly onBreach: 'alert' | 'roll back';
}

/** What happens to definitions that do not say how to watch. */
const DEFAULT_WATCH = {
  for: '1 day',
  minRequests: 100,
  maxErrorRate: 0.01,
  maxLatencyMs: 1_000,
  maxScoreShift: 0.25,
  onBreach: 'alert',
} as const;

/**
 * Returns the policy of a definition's watch; null if it watches nothing. A definition without `promotion.watch` watches
 * for a day and only alerts.
 */
export function watchPolicyOf({
  watch,
}: {
  readonly watch?: ModelDefinition['promotion']['watch'] | null;
}): WatchPolicy | null {
  if (watch === 'off') return null;
  const { for: span, ...limits } = { ...DEFAULT_WATCH, ...watch };
  return { forMs: toMilliseconds(durationOf(span)), ...limits };
}

/** What was measured since a promotion. */
export interface WatchFacts {
  /** Requests by their result: answered; refused because of what was sent (4xx); failed because of the server (5xx). */
  readonly requests: { readonly answered: number; readonly refused: number; readonly failed: number };
  /** The latency that 99 % of the answered requests did not exceed, in milliseconds; null without requests. */
  readonly p99Ms: number | null;
  /** Distance of the logged scores from the score reference of the version; null if it was not measured. */
  readonly scores: {
    readonly rows: number;
    /** Clipped, normed Wasserstein distance. */
    readonly shift: number;
    readonly pValue: number;
  } | null;
  /** The AUC that the monitor measured on windows since the promotion; null if no label has arrived. */
  readonly realised: Interval | null;
  /** The AUC that the comparison before the promotion promised; null if there is none. */
  readonly promised: Interval | null;
}

/** A rule of a watch with what it found. */
export interface WatchRule {
  readonly name: 'errors' | 'latency' | 'scores' | 'performance';
  /** `not judged` if too little was measured. */
  readonly verdict: 'kept' | 'broken' | 'not judged';
  readonly value: number | null;
  readonly bound: number | null;
  readonly words: string;
}

/** Two samples of scores count as different only if this is also significant. */
const ALPHA = 0.01;

/**
 * Judges what was measured since a promotion.
 *
 * @example judgeWatch(facts, policy).filter(({ verdict }) => verdict === 'broken')
 */
export const judgeWatch = (facts: WatchFacts, policy: WatchPolicy): WatchRule[] => [
  errors(facts, policy),
  latency(facts, policy),
  scores(facts, policy),
  performance(facts),
];

function errors({ requests }: WatchFacts, { maxErrorRate, minRequests }: WatchPolicy): WatchRule {
  const { answered, refused, failed } = requests;
  const all = answered + refused + failed;
  const rule = { name: 'errors', value: all === 0 ? null : failed / all, bound: maxErrorRate } as const;
  if (all < minRequests)
    return { ...rule, verdict: 'not judged', words: tooFew(all, 'requests', minRequests) };
  const isBroken = failed / all > maxErrorRate;
  const words = `${failed} of ${all} requests failed, ${isBroken ? 'more' : 'not more'} than ${percent(maxErrorRate)}`;
  return { ...rule, verdict: isBroken ? 'broken' : 'kept', words };
}

function latency({ requests, p99Ms }: WatchFacts, { maxLatencyMs, minRequests }: WatchPolicy): WatchRule {
  const rule = { name: 'latency', value: p99Ms, bound: maxLatencyMs } as const;
  if (p99Ms === null || requests.answered < minRequests) {
    return {
      ...rule,
      verdict: 'not judged',
      words: tooFew(requests.answered, 'answered requests', minRequests),
    };
  }
  const isBroken = p99Ms > maxLatencyMs;
  const [found] = fixed([p99Ms]);
  const words = `99 % of the requests took at most ${found} ms, ${isBroken ? 'more' : 'not more'} than ${maxLatencyMs} ms`;
  return { ...rule, verdict: isBroken ? 'broken' : 'kept', words };
}

function scores({ scores: found }: WatchFacts, { maxScoreShift, minRequests }: WatchPolicy): WatchRule {
  const rule = { name: 'scores', value: found?.shift ?? null, bound: maxScoreShift } as const;
  if (found === null || found.rows < minRequests) {
    return {
      ...rule,
      verdict: 'not judged',
      words: tooFew(found?.rows ?? 0, 'comparable scores', minRequests),
    };
  }
  const isBroken = found.shift > maxScoreShift && found.pValue < ALPHA;
  const [shift] = fixed([found.shift], [maxScoreShift]);
  const words = `the scores of ${found.rows} requests are ${shift} from the score reference, ${isBroken ? 'more' : 'not significantly more'} than ${maxScoreShift}`;
  return { ...rule, verdict: isBroken ? 'broken' : 'kept', words };
}

function performance({ realised, promised }: WatchFacts): WatchRule {
  const rule = { name: 'performance', value: realised?.value ?? null, bound: promised?.low ?? null } as const;
  if (realised === null) {
    return { ...rule, verdict: 'not judged', words: 'no window since the promotion has enough labels' };
  }
  if (promised === null) return { ...rule, verdict: 'not judged', words: 'no AUC was promised' };
  const isBroken = realised.high < promised.low;
  const [value, high, low] = fixed([realised.value, realised.high, promised.low]);
  const words = `the AUC is ${value} (at most ${high}), ${isBroken ? 'below' : 'not significantly below'} the ${low} that was promised at least`;
  return { ...rule, verdict: isBroken ? 'broken' : 'kept', words };
}

const tooFew = (found: number, what: string, least: number): string =>
  `${found} ${what} are too few to judge; ${least} are needed`;

/** Describes what a watch found: the rules that are broken, or those that were judged. */
export function describeWatch(rules: readonly WatchRule[]): string {
  const broken = rules.filter(({ verdict }) => verdict === 'broken');
  const shown = broken.length > 0 ? broken : rules.filter(({ verdict }) => verdict === 'kept');
  return shown.length === 0 ? 'too little was measured to judge' : shown.map(({ words }) => words).join('; ');
}

/**
 * Returns when to look next: soon after the promotion, when most faults show, and then less and less often.
 *
 * @param since how long ago the version was promoted, in milliseconds
 * @returns milliseconds from now, at least 1
 * @example nextLook(0, 86_400_000) // 30_000
 */
export function nextLook(since: number, forMs: number): number {
  // Wait as long as the watch has already lasted, so that the waits double, but at most a hundredth of its whole length.
  // Even a long watch therefore looks only a little more than a hundred times.
  const wait = Math.max(FIRST_LOOK_MS, Math.min(since, forMs / 100));
  return Math.max(1, Math.min(wait, forMs - since));
}

const FIRST_LOOK_MS = 30_000;
