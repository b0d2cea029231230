// Derived columns of a definition: order of evaluation, refused declarations, and computing them for a row.
import { describe, expect, test } from 'vitest';
import { criticalFeatures, featuresOf, parseDefinition } from '../../../../domain/model/define-model.ts';
import { type ModelInput } from '../../../../domain/model/definition.ts';
import { derivationsOf, rowDeriver } from '../../../../domain/model/derivation.ts';
import {
  bucket,
  clip,
  coalesce,
  daysSince,
  difference,
  equals,
  log1p,
  ratio,
  sum,
} from '../../../../domain/model/index.ts';
import { TidegateError } from '../../../../domain/errors.ts';
import { account, withDerived } from './sample.ts';

const derived = {
  rate: log1p('per_hour', { critical: true }),
  per_hour: ratio('fee', 'hours', { inputOnly: true }),
  tenure: daysSince('since'),
};

test('columns of views come before those of the model, in declared order, but each after the columns that it reads', () => {
  const definition = parseDefinition(withDerived(derived, { spent: sum(['fee', 'hours']) }));
  expect(derivationsOf(definition).map(({ name }) => name)).toEqual(['spent', 'per_hour', 'rate', 'tenure']);
});

test('features are the columns of the views, then the derived columns, without those that are inputOnly', () => {
  const definition = parseDefinition(withDerived(derived));
  expect(featuresOf(definition).map(({ name, view }) => [name, view])).toEqual([
    ['fee', 0], ['hours', 0], ['calls', 0], ['plan', 0], ['gift', 0], ['tickets', 1], ['rate', null], ['tenure', null],
  ]); // prettier-ignore
  expect(criticalFeatures(definition)).toEqual(['rate']);
});

test('a definition with derived columns is plain JSON, and parsing it again does not change it', () => {
  const definition = parseDefinition(withDerived(derived, { spent: sum(['fee', 'hours']) }));
  const stored: unknown = JSON.parse(JSON.stringify(definition));
  expect(stored).toEqual(definition);
  expect(parseDefinition(stored)).toEqual(definition);
});

test('the derived columns of a row are filled in from its source columns', () => {
  const { columns, sources, derive } = rowDeriver(parseDefinition(withDerived(derived)));
  expect(columns.slice(sources)).toEqual(['per_hour', 'rate', 'tenure']);
  const row = columns.slice(0, sources).map((name) => ({ fee: 30, hours: 4, since: 0 })[name] ?? null);
  derive(row, 86_400_000_000);
  expect(row.slice(sources)).toEqual([7.5, Math.log1p(7.5), 1]);
});

test('a chain of derived columns may be thousands deep', () => {
  const depth = 5_000;
  const chain = Object.fromEntries(
    Array.from({ length: depth }, (_, n) => [`d${n}`, sum([n === depth - 1 ? 'fee' : `d${n + 1}`, 'hours'])]),
  );
  const { columns, sources, derive } = rowDeriver(parseDefinition(withDerived(chain)));
  const row = columns.slice(0, sources).map((name) => (name === 'hours' ? 1 : 0));
  derive(row, 0);
  expect(row[columns.indexOf('d0')]).toBe(depth);
});

const placesOf = (input: unknown) => {
  try {
    parseDefinition(input);
  } catch (error) {
    if (error instanceof TidegateError) return error.places;
  }
  throw new Error('expected the definition to be refused');
};

describe('a derived column is refused', () => {
  const refused: (readonly [string, ModelInput, string, string])[] = [
    [
      'if an input is unknown',
      withDerived({ made: log1p('fees') }),
      'derived.made.inputs.0',
      'there is no column fees; there are fee, hours, calls, plan, gift, since, seen, tickets',
    ],
    [
      'if an input has the wrong kind',
      withDerived({ made: ratio('fee', 'plan') }),
      'derived.made.inputs.1',
      'plan is a text; ratio accepts numbers',
    ],
    [
      'if an input is a number instead of an instant',
      withDerived({ made: daysSince('fee') }),
      'derived.made.inputs.0',
      'fee is a number; days_since accepts instants',
    ],
    [
      'if an input is a derived column of the wrong kind',
      withDerived({ made: log1p('range'), range: bucket('fee', [1]) }),
      'derived.made.inputs.0',
      'range is a text; log1p accepts numbers',
    ],
    [
      'if columns read each other',
      withDerived({ x: log1p('a'), a: log1p('b'), b: log1p('c'), c: difference('fee', 'a') }),
      'derived.a',
      'circular derived columns: a reads b, b reads c, c reads a',
    ],
    [
      'if it reads itself',
      withDerived({ made: sum(['fee', 'made']) }),
      'derived.made',
      'circular derived columns: made reads made',
    ],
    [
      'if it is declared in a view and reads a column of another view',
      withDerived({}, { made: log1p('tickets') }),
      'features.0.derived.made.inputs.0',
      'there is no column tickets; the view has fee, hours, calls, plan, gift, since, seen',
    ],
    [
      'if it is declared in a view and reads a derived column of the model',
      withDerived({ rate: log1p('fee') }, { made: log1p('rate') }),
      'features.0.derived.made.inputs.0',
      'there is no column rate; the view has fee, hours, calls, plan, gift, since, seen',
    ],
    [
      'if bounds do not ascend',
      withDerived({ made: bucket('fee', [1, 1]) }),
      'derived.made.bounds',
      'must ascend',
    ],
    [
      'if there are too few labels for the ranges',
      withDerived({ made: bucket('fee', [1, 2], { labels: ['a', 'b'] }) }),
      'derived.made.labels',
      '2 bounds make 3 ranges, not 2',
    ],
    [
      'if clip has no limit',
      withDerived({ made: clip('fee', {}) }),
      'derived.made.lower',
      'give lower, upper or both; without a limit, nothing is clipped',
    ],
    [
      'if the lower limit is above the upper one',
      withDerived({ made: clip('fee', { lower: 2, upper: 1 }) }),
      'derived.made.lower',
      '2 lies above upper, 1',
    ],
    [
      'if coalesce reads columns of two kinds',
      withDerived({ made: coalesce(['fee', 'plan']) }),
      'derived.made.inputs.1',
      'is a text, and the columns before it are not',
    ],
    [
      'if the default of coalesce has another kind',
      withDerived({ made: coalesce(['plan'], { otherwise: 0 }) }),
      'derived.made.otherwise',
      'must be a text, as the columns are',
    ],
    [
      'if a text has numeric bounds',
      withDerived({ made: coalesce(['plan'], { min: 0 }) }),
      'derived.made.min',
      'does not apply to a column of texts',
    ],
    [
      'if a text is compared with a number',
      withDerived({ made: equals('plan', 1) }),
      'derived.made.value',
      'must be a text, as the column is',
    ],
    [
      'if texts have a drift distance that needs numbers',
      withDerived({ made: coalesce(['plan'], { drift: { effect: 'wasserstein' } }) }),
      'derived.made.drift.effect',
      'wasserstein needs numbers; use psi or jensenshannon',
    ],
    [
      'if it is not a feature and has a contract',
      withDerived({ made: log1p('fee', { inputOnly: true, min: 0 }) }),
      'derived.made.min',
      'applies only to features, and the column is inputOnly',
    ],
    [
      'if it has the name of a column of a view',
      withDerived({ fee: log1p('hours') }),
      'derived.fee',
      'a feature of that name is already declared in features.0',
    ],
    [
      'if it has the name of a column that is not a feature',
      withDerived({ since: log1p('hours') }),
      'derived.since',
      'a feature of that name is already declared in features.0',
    ],
    [
      'if it has the name of a derived column of a view',
      withDerived({ made: log1p('hours') }, { made: log1p('fee') }),
      'derived.made',
      'a feature of that name is already declared in features.0.derived',
    ],
    [
      'if it has the name of a key',
      withDerived({ user_id: log1p('hours') }),
      'derived.user_id',
      'is already a key of the entity; give the feature another name',
    ],
    [
      'if it has the name of a system column',
      withDerived({ xmin: log1p('hours') }),
      'derived.xmin',
      'is a system column of Postgres',
    ],
  ];

  test.each(refused)('%s', (_, input, at, problem) => {
    expect(placesOf(input)).toEqual([{ at, problem }]);
  });

  test('if its operator is unknown or its parameters do not fit the operator', () => {
    const made = (spec: object) => ({ ...withDerived({}), derived: { made: spec } });
    expect(placesOf(made({ operator: 'sql', inputs: ['fee'] }))[0]?.at).toBe('derived.made.operator');
    expect(placesOf(made({ operator: 'ratio', inputs: ['fee'] }))[0]?.at).toMatch(/^derived\.made\.inputs/);
    expect(placesOf(made({ ...log1p('fee'), bounds: [1] }))[0]).toMatchObject({ at: 'derived.made' });
    expect(placesOf(made({ operator: 'bucket', inputs: ['fee'], bounds: [] }))[0]?.at).toBe(
      'derived.made.bounds',
    );
  });

  test('if two views have the same source column, even one that is not a feature', () => {
    const twice = { ...withDerived({}), features: [account, { ...account, table: 'other' }] };
    expect(placesOf(twice).map(({ at }) => at)).toContain('features.1.columns.since');
  });

  test('but not if only one of its inputs is refused: the problem is reported once', () => {
    const places = placesOf(withDerived({ a: log1p('nothing'), b: log1p('a'), c: sum(['a', 'b']) }));
    expect(places.map(({ at }) => at)).toEqual(['derived.a.inputs.0']);
  });
});
