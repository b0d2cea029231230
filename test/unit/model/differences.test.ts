// The comparison of two declarations, field by field.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { differencesOf, formatValue } from '../../../domain/model/differences.ts';

test('each field that differs is listed with both values, and a list is compared as a whole', () => {
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

test('neither the order of fields nor inherited fields of objects make a difference', () => {
  expect(differencesOf({ a: 1, b: 2 }, { b: 2, a: 1 })).toEqual([]);
  expect(differencesOf({}, { constructor: 1 })).toEqual([{ at: 'constructor', before: undefined, now: 1 }]);
});

test('a value does not differ from itself, and differs from any other value', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
      expect(differencesOf(one, structuredClone(one))).toEqual([]);
      const apart = JSON.stringify(one) !== JSON.stringify(other);
      if (!apart) expect(differencesOf(one, other)).toEqual([]);
      expect(differencesOf(one, other).length).toBe(differencesOf(other, one).length);
    }),
  );
});

test('values are formatted as JSON, and a missing value as none', () => {
  expect([formatValue('45 days'), formatValue(['a']), formatValue(undefined)]).toEqual([
    '"45 days"',
    '["a"]',
    'none',
  ]);
});
