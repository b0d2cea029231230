// What differs between two declarations.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { differencesOf, formatValue } from '../../../domain/model/differences.ts';

test('each field that differs is named with both sides, a list as a whole', () => {
  const before = {
    ttl: '45 days',
    columns: { hours: { type: 'numeric', min: 0 }, plan: { values: ['a', 'b'] } },
  };
  const now = { columns: { hours: { type: 'numeric', max: 1 }, plan: { values: ['b', 'a'] } } };
  expect(differencesOf(before, now)).toEqual([
    { at: 'ttl', before: '45 days', now: undefined },
    { at: 'columns.hours.min', before: 0, now: undefined },
    { at: 'columns.hours.max', before: undefined, now: 1 },
    { at: 'columns.plan.values', before: ['a', 'b'], now: ['b', 'a'] },
  ]);
});

test('the order of fields, and fields that every object has, make no difference', () => {
  expect(differencesOf({ a: 1, b: 2 }, { b: 2, a: 1 })).toEqual([]);
  expect(differencesOf({}, { constructor: 1 })).toEqual([{ at: 'constructor', before: undefined, now: 1 }]);
});

test('a value has no difference from itself, and one from any other', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
      expect(differencesOf(one, structuredClone(one))).toEqual([]);
      const apart = JSON.stringify(one) !== JSON.stringify(other);
      if (!apart) expect(differencesOf(one, other)).toEqual([]);
      expect(differencesOf(one, other).length).toBe(differencesOf(other, one).length);
    }),
  );
});

test('values are shown as JSON, and where there is none as such', () => {
  expect([formatValue('45 days'), formatValue(['a']), formatValue(undefined)]).toEqual([
    '"45 days"',
    '["a"]',
    'none',
  ]);
});
