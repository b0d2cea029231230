// The leak alarm: what raises an alarm, what an alarm does, and its messages.
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

  test('is named if the lower bound of its AUC is above the plausible bound', () => {
    const check = evaluateLeaks(facts({ alone: [sure] }), refuse);
    expect(isRefused(check)).toBe(true);
    expect(describeLeakCheck(check)).toBe(
      'LEAK_SUSPECTED among 14 features on 5500 training rows: closed_reason alone predicts the label with AUC ' +
        '0.980 (0.970 to 0.990) by its order, significantly above 0.95: it may be derived from the label; ' +
        'when labels became known is not recorded',
    );
  });

  test('is named once, with its result on all rows, if all rows and the newest rows show it', () => {
    const lately = { ...sure, auc: { value: 1, low: 1, high: 1 }, since: '2024-01-31T00:00:00.000Z' };
    expect(evaluateLeaks(facts({ alone: [sure, lately] }), refuse).alone).toEqual([sure]);
    const alarms = alarmsOf(evaluateLeaks(facts({ alone: [lately] }), refuse));
    expect(alarms).toEqual([expect.stringContaining('by its order in the rows after 2024-01-31: it may be')]);
  });

  test('is not named if only the value of its AUC is above the bound', () => {
    const check = evaluateLeaks(
      facts({ alone: [alone('a', { value: 0.96, low: 0.94, high: 0.98 })] }),
      refuse,
    );
    expect(isRefused(check)).toBe(false);
    expect(describeLeakCheck(check)).toContain('no leak found among 14 features');
  });

  test('that separates the classes is named with any bound', () => {
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

  test('is only reported if the definition says warn', () => {
    const check = evaluateLeaks(facts({ alone: [sure] }), leakPolicyOf('warn'));
    expect(isRefused(check)).toBe(false);
    expect(describeLeakCheck(check)).toMatch(/^leak suspected among 14 features.*closed_reason/);
  });

  test('is named among the first ten, and the rest are counted', () => {
    const many = Array.from({ length: 1_000 }, (_, at) => ({ ...sure, feature: `f${at}` }));
    expect(alarmsOf(evaluateLeaks(facts({ alone: many }), refuse))).toHaveLength(11);
    expect(describeLeakCheck(evaluateLeaks(facts({ alone: many }), refuse)).length).toBeLessThan(4_000);
  });
});

describe('a view', () => {
  const view = (late: number) => ({ table: 'tickets', features: ['open', 'closed'], rows: 1_000, late });

  test('is named if more than one row in twenty became known after the label', () => {
    const check = evaluateLeaks(facts({ views: [view(51)] }), refuse);
    expect(isRefused(check)).toBe(true);
    expect(alarmsOf(check)).toEqual([
      'open, closed of tickets became known after the label in 5.1 % of 1000 training rows',
    ]);
    expect(isRefused(evaluateLeaks(facts({ views: [view(50)] }), refuse))).toBe(false);
  });

  test('without rows raises no alarm', () => {
    expect(evaluateLeaks(facts({ views: [{ ...view(0), rows: 0 }] }), refuse).late).toEqual([]);
  });

  test('is named with the columns that are not on the allow list', () => {
    const check = evaluateLeaks(facts({ views: [view(900)] }), leakPolicyOf({ allow: ['open'] }));
    expect(check.late).toMatchObject([{ features: ['closed'] }]);
    expect(
      evaluateLeaks(facts({ views: [view(900)] }), leakPolicyOf({ allow: ['open', 'closed'] })).late,
    ).toEqual([]);
  });
});

test('a definition with an unknown allowed column or an impossible bound is refused', () => {
  const define = (leakAlarm: unknown) => () =>
    parseDefinition({ ...churn, training: { ...churn.training, leakAlarm } });
  expect(define({ allow: ['nothing'] })).toThrow(/training.leakAlarm.allow: the model has no column nothing/);
  expect(define({ auc: 0.5 })).toThrow(/training.leakAlarm/);
  expect(define('ignore')).toThrow(/training.leakAlarm/);
  expect(define({ then: 'warn', allow: ['monthly_fee'] })).not.toThrow();
});
