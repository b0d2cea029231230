// The leak alarm: what is an alarm, what an alarm does, and in which words.
import { describe, expect, test } from 'vitest';
import { type Interval } from '../../../domain/data/math/interval.ts';
import {
  alarmsOf,
  isRefused,
  evaluateLeaks,
  leakPolicyOf,
  describeLeakCheck,
  type LeakFacts,
} from '../../../domain/learning/leak-alarm.ts';
import { parseDefinition } from '../../../domain/model/define-model.ts';
import churn from '../../../models/churn.ts';

const alone = (feature: string, auc: Interval) => ({ feature, measure: 'order' as const, auc });
const facts = (over: Partial<LeakFacts>): LeakFacts => ({
  rows: 5_500,
  features: 14,
  alone: [],
  views: null,
  ...over,
});
const refuse = leakPolicyOf(undefined);

test('a retrain is refused unless the definition says otherwise', () => {
  expect(refuse).toEqual({ then: 'refuse', auc: 0.95, allow: [] });
  expect(leakPolicyOf('warn')).toEqual({ then: 'warn', auc: 0.95, allow: [] });
  expect(leakPolicyOf({ auc: 0.99, allow: ['a'] })).toEqual({ then: 'refuse', auc: 0.99, allow: ['a'] });
});

describe('a feature alone', () => {
  const sure = alone('closed_reason', { value: 0.98, low: 0.97, high: 0.99 });

  test('is named where the lower bound is above what is plausible', () => {
    const check = evaluateLeaks(facts({ alone: [sure] }), refuse);
    expect(isRefused(check)).toBe(true);
    expect(describeLeakCheck(check)).toBe(
      'LEAK_SUSPECTED among 14 features on 5500 training rows: closed_reason alone predicts the label with AUC ' +
        '0.980 (0.970 to 0.990) by its order, significantly above 0.95: it may be derived from the label; ' +
        'when labels became known is not recorded',
    );
  });

  test('is named once, and by all rows where those show it as well as the newest', () => {
    const lately = { ...sure, auc: { value: 1, low: 1, high: 1 }, since: '2024-01-31T00:00:00.000Z' };
    expect(evaluateLeaks(facts({ alone: [sure, lately] }), refuse).alone).toEqual([sure]);
    const alarms = alarmsOf(evaluateLeaks(facts({ alone: [lately] }), refuse));
    expect(alarms).toEqual([expect.stringContaining('by its order in the rows after 2024-01-31: it may be')]);
  });

  test('is not where only its value is', () => {
    const check = evaluateLeaks(
      facts({ alone: [alone('a', { value: 0.96, low: 0.94, high: 0.98 })] }),
      refuse,
    );
    expect(isRefused(check)).toBe(false);
    expect(describeLeakCheck(check)).toContain('no leak found among 14 features');
  });

  test('that separates the classes is named at any bound', () => {
    const check = evaluateLeaks(
      facts({ alone: [alone('a', { value: 1, low: 1, high: 1 })] }),
      leakPolicyOf({ auc: 1 }),
    );
    expect(alarmsOf(check)).toEqual([
      'a alone separates the classes without an error, by its order: it may be derived from the label',
    ]);
  });

  test('that the definition allows is not named', () => {
    expect(evaluateLeaks(facts({ alone: [sure] }), leakPolicyOf({ allow: ['closed_reason'] })).alone).toEqual(
      [],
    );
  });

  test('is told and no more where the definition warns', () => {
    const check = evaluateLeaks(facts({ alone: [sure] }), leakPolicyOf('warn'));
    expect(isRefused(check)).toBe(false);
    expect(describeLeakCheck(check)).toMatch(/^leak suspected among 14 features.*closed_reason/);
  });

  test('of many, ten are named and the rest counted', () => {
    const many = Array.from({ length: 1_000 }, (_, at) => ({ ...sure, feature: `f${at}` }));
    expect(alarmsOf(evaluateLeaks(facts({ alone: many }), refuse))).toHaveLength(11);
    expect(describeLeakCheck(evaluateLeaks(facts({ alone: many }), refuse)).length).toBeLessThan(4_000);
  });
});

describe('a view', () => {
  const view = (late: number) => ({ table: 'tickets', features: ['open', 'closed'], rows: 1_000, late });

  test('is named where more than one row in twenty became known after the label', () => {
    const check = evaluateLeaks(facts({ views: [view(51)] }), refuse);
    expect(isRefused(check)).toBe(true);
    expect(alarmsOf(check)).toEqual([
      'open, closed of tickets became known after the label in 5.1 % of 1000 training rows',
    ]);
    expect(isRefused(evaluateLeaks(facts({ views: [view(50)] }), refuse))).toBe(false);
  });

  test('without a row is no alarm', () => {
    expect(evaluateLeaks(facts({ views: [{ ...view(0), rows: 0 }] }), refuse).late).toEqual([]);
  });

  test('is named by the columns that are not allowed', () => {
    const check = evaluateLeaks(facts({ views: [view(900)] }), leakPolicyOf({ allow: ['open'] }));
    expect(check.late).toMatchObject([{ features: ['closed'] }]);
    expect(
      evaluateLeaks(facts({ views: [view(900)] }), leakPolicyOf({ allow: ['open', 'closed'] })).late,
    ).toEqual([]);
  });
});

test('a definition that allows an unknown column, or an impossible bound, is refused', () => {
  const define = (leakAlarm: unknown) => () =>
    parseDefinition({ ...churn, training: { ...churn.training, leakAlarm } });
  expect(define({ allow: ['nothing'] })).toThrow(/training.leakAlarm.allow: the model has no column nothing/);
  expect(define({ auc: 0.5 })).toThrow(/training.leakAlarm/);
  expect(define('ignore')).toThrow(/training.leakAlarm/);
  expect(define({ then: 'warn', allow: ['monthly_fee'] })).not.toThrow();
});
