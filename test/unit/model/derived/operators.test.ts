// Results of each operator for ordinary and missing values, divisions by zero and overflows.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseDefinition } from '../../../../domain/model/define-model.ts';
import { derivationsOf } from '../../../../domain/model/derivation.ts';
import { type Value } from '../../../../domain/model/derived/operator.ts';
import { type DerivedSpec, OPERATOR_NAMES } from '../../../../domain/model/derived/operators.ts';
import {
  absolute,
  bucket,
  calendar,
  clip,
  coalesce,
  cross,
  daysBetween,
  daysSince,
  difference,
  equals,
  isMissing,
  log1p,
  product,
  ratio,
  sum,
} from '../../../../domain/model/index.ts';
import { withDerived } from './sample.ts';

const DAY = 86_400_000_000;
const micros = (text: string): number => Date.parse(text) * 1000;

const derivationOf = (spec: DerivedSpec) => {
  const [derivation] = derivationsOf(parseDefinition(withDerived({ made: spec })));
  if (!derivation) throw new Error('the definition has no derived column');
  return derivation;
};

const huge = 1.7e308;
const range = bucket('calls', [6, 12, 24]);
const named = bucket('calls', [6], { labels: ['few', 'many'] });

const cases: (readonly [DerivedSpec, readonly Value[], Value, number?])[] = [
  [ratio('fee', 'hours'), [30, 4], 7.5],
  [ratio('fee', 'hours'), [30, 0], null],
  [ratio('fee', 'hours'), [0, 0], null],
  [ratio('fee', 'hours'), [0, -5], 0],
  [ratio('fee', 'hours'), [huge, 0.1], null],
  [ratio('fee', 'hours'), [null, 4], null],
  [ratio('fee', 'hours'), [30, null], null],
  [difference('fee', 'hours'), [30, 4.5], 25.5],
  [difference('fee', 'hours'), [huge, -huge], null],
  [difference('fee', 'hours'), [null, 1], null],
  [sum(['fee', 'hours', 'calls']), [1, 2, 3], 6],
  [sum(['fee', 'hours', 'calls']), [1, null, 3], null],
  [sum(['fee', 'hours', 'calls']), [huge, huge, -huge], null],
  [product(['fee', 'hours']), [3, -2], -6],
  [product(['fee', 'hours']), [0, null], null],
  [product(['fee', 'hours']), [huge, 2], null],
  [product(['fee', 'hours']), [1e-200, -1e-200], 0],
  [log1p('fee'), [0], 0],
  [log1p('fee'), [Math.E - 1], 1],
  [log1p('fee'), [-1], null],
  [log1p('fee'), [-1.5], null],
  [absolute('fee'), [-3], 3],
  [absolute('fee'), [-0], 0],
  [clip('fee', { lower: 0, upper: 10 }), [11], 10],
  [clip('fee', { lower: 0, upper: 10 }), [-1], 0],
  [clip('fee', { lower: 0 }), [1e9], 1e9],
  [clip('fee', { upper: 10 }), [null], null],
  [range, [5.9], '< 6'],
  [range, [6], '[6, 12)'],
  [range, [23], '[12, 24)'],
  [range, [24], '≥ 24'],
  [range, [null], null],
  [named, [6], 'many'],
  [coalesce(['fee', 'hours']), [null, 2], 2],
  [coalesce(['fee', 'hours']), [0, 2], 0],
  [coalesce(['fee', 'hours']), [null, null], null],
  [coalesce(['fee'], { otherwise: -1 }), [NaN], -1],
  [coalesce(['plan'], { otherwise: 'none' }), [''], ''],
  [coalesce(['plan'], { otherwise: 'none' }), [null], 'none'],
  [isMissing('fee'), [null], 'true'],
  [isMissing('fee'), [Infinity], 'true'],
  [isMissing('fee'), [0], 'false'],
  [isMissing('plan'), [''], 'false'],
  [isMissing('since'), [null], 'true'],
  [equals('plan', '__proto__'), ['__proto__'], 'true'],
  [equals('plan', 'a'), ['A'], 'false'],
  [equals('plan', 'a'), [null], null],
  [equals('calls', 0), [-0], 'true'],
  [equals('gift', true), ['true'], 'true'],
  [cross(['plan', 'gift']), ['basic', 'true'], 'basic & true'],
  [cross(['plan', 'gift']), ['a & b\\', 'true'], 'a \\& b\\\\ & true'],
  [cross(['plan', 'gift']), ['basic', null], null],
  // A category is the first 1,000 characters of a text.
  [cross(['plan', 'gift']), [`${'x'.repeat(992)}😀`, 'true'], `${'x'.repeat(992)}😀 & true`],
  [cross(['plan', 'gift']), [`${'x'.repeat(996)}😀`, 'true'], `${'x'.repeat(996)}😀 & `],
  [coalesce(['plan']), ['x'.repeat(1_500)], 'x'.repeat(1_000)],
  [daysSince('since'), [0], 1.5, 1.5 * DAY],
  [daysSince('since'), [2 * DAY], -1, DAY],
  [daysSince('since'), [null], null, DAY],
  [daysSince('since'), [-Infinity], null, DAY],
  [daysBetween('since', 'seen'), [DAY, 3 * DAY], 2],
  [daysBetween('since', 'seen'), [DAY, null], null],
  [calendar('since', 'month'), [micros('2024-02-29T23:59:59.999Z') + 999], 'Feb'],
  [calendar('since', 'weekday'), [micros('2024-02-29T00:00:00Z')], 'Thu'],
  [calendar('since', 'hour'), [micros('1969-12-31T23:00:00Z')], '23'],
  [calendar('since', 'hour'), [1e300], null],
  // Values of the wrong kind count as missing.
  [ratio('fee', 'hours'), ['30', 4], null],
  [equals('plan', 'a'), [1], null],
];

const computations = cases.map(([spec, inputs, value, rowTime = 0]) => ({ spec, inputs, value, rowTime }));

test.each(computations)('$spec of $inputs is $value', ({ spec, inputs, value, rowTime }) => {
  expect(derivationOf(spec).evaluate(inputs, rowTime)).toBe(value);
});

test('every operator has at least one case above', () => {
  const tested = new Set(cases.map(([{ operator }]) => operator));
  expect([...tested].sort()).toEqual([...OPERATOR_NAMES].sort());
});

test('any numbers result in a finite number, a text or null, and the inputs do not change', () => {
  const anyNumber = fc.oneof(fc.double(), fc.constantFrom(null, 0, -0, huge, -huge, 5e-324, 2 ** 53));
  const specs = cases.map(([spec]) => derivationOf(spec));
  fc.assert(
    fc.property(
      fc.constantFrom(...specs),
      fc.array(anyNumber, { minLength: 3, maxLength: 3 }),
      (made, values) => {
        const row = values.slice(0, made.inputs.length);
        const before = [...row];
        const value = made.evaluate(row, micros('2024-01-31'));
        expect(row).toEqual(before);
        if (typeof value === 'number') {
          expect(Number.isFinite(value)).toBe(true);
          expect(Object.is(value, -0)).toBe(false);
          expect(made.kind).toBe('numeric');
        } else if (value !== null) expect(made.kind).toBe('category');
        if (typeof value === 'string' && 'values' in made.feature && made.feature.values)
          expect(made.feature.values).toContain(value);
      },
    ),
  );
});

test('cross never returns the same category for two different combinations of texts', () => {
  const text = fc.oneof(
    fc.string(),
    fc.constantFrom('a & b', 'a \\& b', '\\', '&', ' & ', '', '__proto__', '🙂'),
  );
  const { evaluate } = derivationOf(cross(['plan', 'gift']));
  fc.assert(
    fc.property(fc.tuple(text, text), fc.tuple(text, text), (one, other) => {
      const same = one[0] === other[0] && one[1] === other[1];
      expect(evaluate(one, 0) === evaluate(other, 0)).toBe(same);
    }),
  );
});

describe('a derived column as a feature', () => {
  test('has the options of its declaration but not the parameters of its operator', () => {
    const spec = ratio('fee', 'hours', {
      min: 0,
      critical: true,
      drift: { effect: 'psi' },
      severity: 'fail',
    });
    expect(derivationOf(spec).feature).toEqual({
      type: 'numeric',
      min: 0,
      critical: true,
      drift: { effect: 'psi' },
      severity: 'fail',
    });
    expect(derivationOf(clip('fee', { upper: 3 })).feature).toEqual({ type: 'numeric' });
  });

  test('is a category with known values if its operator is bucket, calendar, is_missing or coalesce', () => {
    expect(derivationOf(range).feature).toEqual({
      type: 'category',
      values: ['< 6', '[6, 12)', '[12, 24)', '≥ 24'],
    });
    expect(derivationOf(calendar('since', 'weekday')).feature).toMatchObject({ type: 'category' });
    expect(derivationOf(isMissing('plan')).feature).toEqual({ type: 'flag' });
    expect(derivationOf(coalesce(['plan'], { values: ['a'] })).feature).toEqual({
      type: 'category',
      values: ['a'],
    });
  });
});
