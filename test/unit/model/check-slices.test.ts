// Checks of the named slices of a definition.
import { expect, test } from 'vitest';
import { category, count, flag, numeric } from '../../../domain/model/parts/column.ts';
import { parseDefinition, view } from '../../../domain/model/define-model.ts';
import { failureOf } from '../../helpers/failures.ts';

const withSlices = (slices: unknown): unknown => ({
  name: 'churn',
  entity: { name: 'user', keys: ['user_id'] },
  rows: { table: 'users', timestamp: 'as_of' },
  features: [
    view({
      table: 'usage',
      timestamp: 'as_of',
      columns: {
        hours: numeric(),
        tickets: count(),
        plan: category(['basic', 'pro']),
        city: category(),
        paid: flag(),
      },
    }),
  ],
  label: { table: 'labels', column: 'churned', timestamp: 'as_of' },
  monitor: { every: '1 month', window: '1 month' },
  training: { trainer: 'logistic-regression', window: '1 month' },
  promotion: { slices },
});
const parse = async (slices: unknown) => parseDefinition(withSlices(slices));

test('values of the right kind, ranges and null are accepted', async () => {
  const slices = [
    { name: 'pro in Rome', where: { plan: 'pro', city: 'Rome' } },
    { name: 'idle payers', where: { hours: { max: 1 }, paid: true } },
    { name: 'no tickets', where: { tickets: 0 } },
    { name: 'no hours', where: { hours: null } },
  ];
  expect((await parse(slices)).promotion.slices).toEqual(slices);
});

test.each([
  [[{ name: 'a', where: { gone: 1 } }], 'promotion.slices.0.where.gone', 'the model has no feature gone'],
  [
    [{ name: 'a', where: { plan: 'plus' } }],
    'promotion.slices.0.where.plan',
    'not one of its values: basic, pro',
  ],
  [[{ name: 'a', where: { plan: 3 } }], 'promotion.slices.0.where.plan', 'contains categories'],
  [[{ name: 'a', where: { hours: 'many' } }], 'promotion.slices.0.where.hours', 'contains numbers'],
  [[{ name: 'a', where: { paid: 'true' } }], 'promotion.slices.0.where.paid', 'is a flag'],
  [
    [
      { name: 'a', where: { tickets: 1 } },
      { name: 'a', where: { tickets: 2 } },
    ],
    'promotion.slices.1.name',
    'already named a',
  ],
  [[{ name: 'a', where: {} }], 'promotion.slices.0.where', 'name at least one column'],
  [[{ name: ' ', where: { tickets: 1 } }], 'promotion.slices.0.name', ''],
])('%j is refused with its place', async (slices, at, problem) => {
  const failure = await failureOf(parse(slices));
  expect(failure).toMatchObject({ code: 'INVALID_DEFINITION', places: [{ at }] });
  expect(failure.message).toContain(problem);
});

test('a range without a bound, or with min above max, is refused', async () => {
  for (const range of [{}, { min: 2, max: 1 }]) {
    expect(await failureOf(parse([{ name: 'a', where: { hours: range } }]))).toMatchObject({
      code: 'INVALID_DEFINITION',
    });
  }
});
