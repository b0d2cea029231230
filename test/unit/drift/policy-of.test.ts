// The drift policy of a definition: what its columns say, and for the rest nothing at all.
import { expect, test } from 'vitest';
import { count, numeric } from '../../../domain/model/parts/column.ts';
import { parseDefinition } from '../../../domain/model/define-model.ts';
import { ratio } from '../../../domain/model/index.ts';
import { driftPolicyOf } from '../../../domain/drift/drift-policy.ts';
import { withDerived } from '../model/derived/sample.ts';

const policyOf = (input: object) => driftPolicyOf(parseDefinition({ ...withDerived({}), ...input }));

test('columns that are named like a property of every object have no weight, effect or threshold of their own', () => {
  const columns = { constructor: numeric(), toString: count(), valueOf: count() };
  const policy = policyOf({ features: [{ table: 'usage', timestamp: 'at', columns }] });
  for (const name of Object.keys(columns)) {
    expect([policy.weights?.[name], policy.effects?.[name], policy.thresholds?.[name]]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  }
});

test('a derived column is judged as its declaration says', () => {
  const made = ratio('fee', 'hours', { critical: true, drift: { weight: 2, effect: 'psi', threshold: 0.3 } });
  const policy = policyOf({ derived: { made } });
  expect(policy.critical).toEqual(['made']);
  expect([policy.weights?.['made'], policy.effects?.['made'], policy.thresholds?.['made']]).toEqual([
    2,
    'psi',
    0.3,
  ]);
});
