// The description of a definition: contracts and drift settings of columns, and the origin of a row's values.
import { describe, expect, test } from 'vitest';
import {
  category,
  type ColumnSpec,
  count,
  flag,
  instant,
  numeric,
} from '../../../../domain/model/parts/column.ts';
import { parseDefinition } from '../../../../domain/model/define-model.ts';
import { daysSince, ratio, sum } from '../../../../domain/model/index.ts';
import {
  describeContract,
  describeDefinition,
  describeDriftPolicy,
} from '../../../../domain/decisions/describe/describe-definition.ts';
import { explainRow } from '../../../../domain/decisions/describe/explain-row.ts';
import { withDerived } from '../../model/derived/sample.ts';

const many = Array.from({ length: 10 }, (_, n) => `v${n}`);

test.each([
  [numeric(), ''],
  [numeric({ min: 0 }), 'at least 0'],
  [numeric({ max: 1 }), 'at most 1'],
  [numeric({ min: 0, max: 1, nullShare: 0.125 }), '0 to 1, at most 12.5 % missing'],
  [count(), 'whole, at least 0'],
  [count({ max: 9, severity: 'fail' }), 'whole, 0 to 9, else fail'],
  [category(['a', 'b'], { mostly: 0.95 }), 'one of a, b, in 95 % of the rows'],
  [category(many), 'one of v0, v1, v2, v3, v4, v5, v6, v7 and 2 more'],
  [category(undefined, { matches: '[a-z]+', unique: true }), 'matches [a-z]+, no value twice'],
  [
    flag({ nullShare: 0, severity: { 'null-share': 'fail', type: 'warn' } }),
    'at most 0 % missing, else fail for null-share, warn for type',
  ],
  [flag({ mostly: 0.5 }), ''],
  [instant(), ''],
] as (readonly [ColumnSpec, string])[])('the contract of %j is told as "%s"', (spec, words) => {
  expect(describeContract(spec).join(', ')).toBe(words);
});

test.each([
  [numeric(), ''],
  [
    count({ critical: true, drift: { effect: 'psi', threshold: 0.1, weight: 2 } }),
    'critical, psi from 0.1, weight 2',
  ],
  [numeric({ drift: { threshold: 0.3 } }), 'effect from 0.3'],
  [instant(), ''],
] as (readonly [ColumnSpec, string])[])('the drift of %j is told as "%s"', (spec, words) => {
  expect(describeDriftPolicy(spec).join(', ')).toBe(words);
});

const definition = parseDefinition(
  withDerived(
    { tenure: daysSince('since'), spread: ratio('per_hour', 'tickets') },
    {
      per_hour: ratio('fee', 'hours', { critical: true, inputOnly: false }),
      both: sum(['fee', 'hours'], { inputOnly: true }),
    },
  ),
);

describe('a description', () => {
  test('contains the keys and columns of each view, and the formula and view of derived columns', () => {
    const { views, derived } = describeDefinition(definition);
    expect(views[0]).toMatchObject({
      table: 'account',
      timestamp: 'at',
      keys: { user_id: 'user_id' },
      pastMaxAge: 'warn',
    });
    expect(views[0]).not.toHaveProperty('derived');
    expect(views[0]?.columns.map(({ name, isFeature }) => [name, isFeature])).toContainEqual([
      'since',
      false,
    ]);
    expect(derived).toEqual([
      { name: 'per_hour', type: 'numeric', isFeature: true, contract: [], drift: ['critical'], formula: 'fee / hours', inputs: ['fee', 'hours'], view: 0 },
      { name: 'both', type: 'numeric', isFeature: false, contract: [], drift: [], formula: 'fee + hours', inputs: ['fee', 'hours'], view: 0 },
      { name: 'tenure', type: 'numeric', isFeature: true, contract: [], drift: [], formula: 'days from since to the row time', inputs: ['since'], view: null },
      { name: 'spread', type: 'numeric', isFeature: true, contract: [], drift: [], formula: 'per_hour / tickets', inputs: ['per_hour', 'tickets'], view: null },
    ]); // prettier-ignore
  });
});

describe('an explained row', () => {
  const values = new Map<string, number | string | null>([['fee', 3], ['plan', 'a']]); // prettier-ignore
  const byName = (viewTimes: (number | null)[]) =>
    new Map(explainRow(definition, values, viewTimes).map((each) => [each.name, each]));

  test('gives the table or formula and the timestamp of each value; for a derived one the timestamp of its oldest input', () => {
    const explained = byName([20, 10]);
    expect(explained.get('fee')).toEqual({
      name: 'fee', type: 'numeric', value: 3, isFeature: true, table: 'account', formula: null, timestamp: 20,
    }); // prettier-ignore
    expect(explained.get('tickets')).toMatchObject({ value: null, table: 'support', timestamp: 10 });
    expect(explained.get('per_hour')).toMatchObject({ table: null, formula: 'fee / hours', timestamp: 20 });
    expect(explained.get('spread')).toMatchObject({ formula: 'per_hour / tickets', timestamp: 10 });
  });

  test('has no timestamp if no row was found', () => {
    const explained = byName([null, 10]);
    expect([explained.get('fee')?.timestamp, explained.get('tenure')?.timestamp]).toEqual([null, null]);
    expect(explained.get('spread')?.timestamp).toBe(10);
  });
});
