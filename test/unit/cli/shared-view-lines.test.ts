// The lines about a view that other models declare too.
import { expect, test } from 'vitest';
import { sharedViewLines } from '../../../cli/output/definition-tables.ts';

const use = (model: string, differences: object = {}, agreedUntil: number | null = null) => ({
  model,
  definitionVersion: 3,
  appliedAt: new Date(0),
  differences: Object.entries(differences).map(([at, [before, now]]) => ({
    at,
    before: before as unknown,
    now: now as unknown,
  })),
  agreedUntil,
});

test('prints nothing if no other model has the view', () => {
  expect(sharedViewLines({ view: 'usage', uses: [] })).toEqual([]);
});

test('names all models that share the view in one line', () => {
  expect(sharedViewLines({ view: 'usage', uses: [use('churn'), use('upsell')] })).toEqual([
    'view usage is shared with churn, upsell',
  ]);
});

test('warns of each model that declares the view differently, with both values', () => {
  const uses = [
    use('churn'),
    use('upsell', { ttl: ['9 days', undefined] }),
    use('fraud', { 'columns.a.min': [0, 1] }, 2),
  ];
  expect(sharedViewLines({ view: 'usage', uses })).toEqual([
    'view usage is shared with churn',
    'warning: upsell (definition 3) declares view usage differently: ttl is "9 days" there and none here; upsell ' +
      'keeps its own declaration until it is applied again',
    'warning: fraud (definition 3) declares view usage differently: columns.a.min is 0 there and 1 here; both were the ' +
      'same up to definition 2 of fraud, so the declaration here may be outdated',
  ]);
});

test('shows at most five differences', () => {
  const many = Object.fromEntries(Array.from({ length: 8 }, (_, n) => [`f${n}`, [n, n + 1]]));
  expect(sharedViewLines({ view: 'usage', uses: [use('churn', many)] })[0]).toContain(
    'f4 is 4 there and 5 here and 3 more;',
  );
});
