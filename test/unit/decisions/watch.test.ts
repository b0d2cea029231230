// The rules of the watch after a promotion, and its times.
import { describe, expect, it } from 'vitest';
import { addLatencies, latencyBucket, latencyQuantile } from '../../../domain/performance/latency-counts.ts';
import {
  describeWatch,
  judgeWatch,
  nextLook,
  type WatchFacts,
  watchPolicyOf,
  type WatchRule,
} from '../../../domain/decisions/watch.ts';
import { modelDefinitionSchema } from '../../../domain/model/definition.ts';

const policy = watchPolicyOf({})!;
const interval = (value: number, low: number, high: number) => ({ value, low, high });
const facts: WatchFacts = {
  requests: { answered: 990, refused: 5, failed: 5 },
  p99Ms: 20,
  scores: { rows: 990, shift: 0.02, pValue: 0.4 },
  realised: interval(0.7, 0.65, 0.75),
  promised: interval(0.72, 0.68, 0.76),
};
const verdicts = (changes: Partial<WatchFacts>, changed = policy): Record<string, WatchRule['verdict']> =>
  Object.fromEntries(
    judgeWatch({ ...facts, ...changes }, changed).map(({ name, verdict }) => [name, verdict]),
  );

const KEPT = { errors: 'kept', latency: 'kept', scores: 'kept', performance: 'kept' };

describe('a watch', () => {
  it('keeps quiet about a version that does what was promised', () => {
    expect(verdicts({})).toEqual(KEPT);
    expect(describeWatch(judgeWatch(facts, policy))).toContain(
      '5 of 1000 requests failed, not more than 1 %',
    );
  });

  it('breaks the rule of what went wrong, and no other', () => {
    const failing = { answered: 900, refused: 0, failed: 11 };
    expect(verdicts({ requests: failing })).toEqual({ ...KEPT, errors: 'broken' });
    expect(verdicts({ p99Ms: 1_001 })).toEqual({ ...KEPT, latency: 'broken' });
    expect(verdicts({ scores: { rows: 990, shift: 0.3, pValue: 0.001 } })).toEqual({
      ...KEPT,
      scores: 'broken',
    });
    expect(verdicts({ realised: interval(0.6, 0.55, 0.67) })).toEqual({ ...KEPT, performance: 'broken' });
    const rules = judgeWatch({ ...facts, requests: failing }, policy);
    expect(describeWatch(rules)).toBe('11 of 911 requests failed, more than 1 %');
  });

  it('does not break a rule at its bound, by chance, or on too little', () => {
    expect(verdicts({ requests: { answered: 990, refused: 0, failed: 10 } }).errors).toBe('kept');
    expect(verdicts({ p99Ms: 1_000 }).latency).toBe('kept');
    expect(verdicts({ scores: { rows: 990, shift: 0.3, pValue: 0.2 } }).scores).toBe('kept');
    expect(verdicts({ realised: interval(0.6, 0.5, 0.7) }).performance).toBe('kept');
    const little = { requests: { answered: 0, refused: 0, failed: 99 }, p99Ms: null, scores: null };
    const none = { errors: 'not judged', latency: 'not judged', scores: 'not judged' };
    expect(verdicts({ ...little, realised: null })).toEqual({ ...none, performance: 'not judged' });
    expect(describeWatch(judgeWatch({ ...facts, ...little, realised: null }, policy))).toBe(
      'too little was measured to judge',
    );
    expect(verdicts({ promised: null }).performance).toBe('not judged');
  });

  it('is off only if the definition says so, and fills in what is left out', () => {
    expect(watchPolicyOf({ watch: 'off' })).toBeNull();
    const parse = (watch: unknown) => modelDefinitionSchema.shape.promotion.safeParse({ watch });
    const { success, data } = parse({ for: '2 hours', onBreach: 'roll back' });
    expect(success && watchPolicyOf(data)).toEqual({ ...policy, forMs: 7_200_000, onBreach: 'roll back' });
    expect(parse({ onBreach: 'alert' }).data?.watch).toMatchObject({ for: '1 day', minRequests: 100 });
    expect(modelDefinitionSchema.shape.promotion.parse({})).not.toHaveProperty('watch');
    for (const wrong of [
      'on',
      { for: 'soon' },
      { for: '2 months' },
      { for: '0 days' },
      { until: '1 day' },
      { maxErrorRate: 2 },
    ])
      expect(parse(wrong).success, JSON.stringify(wrong)).toBe(false);
  });

  it('looks soon after the promotion, then rarely, and for the last time at its end', () => {
    for (const forMs of [60_000, 3_600_000, 86_400_000, 31 * 86_400_000]) {
      let since = 0;
      let looks = 0;
      for (; since < forMs; looks += 1) {
        const wait = nextLook(since, forMs);
        expect(wait).toBeGreaterThan(0);
        since += wait;
      }
      expect(since).toBe(forMs);
      expect(looks).toBeLessThan(140);
    }
    expect(nextLook(0, 86_400_000)).toBe(30_000);
  });
});

describe('latencies in buckets', () => {
  it('give quantiles within 10 %, added up from any number of processes', () => {
    const all = Array.from({ length: 10_000 }, (_, each) => 0.2 + each / 10);
    const parts = [all.filter((_, at) => at % 3 === 0), all.filter((_, at) => at % 3 !== 0)];
    const counts = parts.map((part) => {
      const counted: Record<string, number> = {};
      for (const ms of part) counted[latencyBucket(ms)] = (counted[latencyBucket(ms)] ?? 0) + 1;
      return counted;
    });
    for (const share of [0.01, 0.5, 0.99, 1]) {
      const exact = all[Math.ceil(share * all.length) - 1]!;
      const found = latencyQuantile(addLatencies(counts), share)!;
      expect(found).toBeGreaterThanOrEqual(exact * 0.999_999);
      expect(found).toBeLessThanOrEqual(exact * 1.1);
    }
    expect(latencyQuantile({}, 0.99)).toBeNull();
    expect([latencyBucket(0), latencyBucket(1e300), latencyBucket(Infinity)]).toEqual([0, 173, 173]);
  });
});
