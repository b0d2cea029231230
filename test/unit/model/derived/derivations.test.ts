// Derived columns of a definition: their order, what is refused, and rows by position.
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

test('each column is computed after those that it reads, else as declared; those of views come first', () => {
  const definition = parseDefinition(withDerived(derived, { spent: sum(['fee', 'hours']) }));
  expect(derivationsOf(definition).map(({ name }) => name)).toEqual(['spent', 'per_hour', 'rate', 'tenure']);
});

test('features are the columns of the views, then the derived ones, without inputs only', () => {
  const definition = parseDefinition(withDerived(derived));
  expect(featuresOf(definition).map(({ name, view }) => [name, view])).toEqual([
    ['fee', 0], ['hours', 0], ['calls', 0], ['plan', 0], ['gift', 0], ['tickets', 1], ['rate', null], ['tenure', null],
  ]); // prettier-ignore
  expect(criticalFeatures(definition)).toEqual(['rate']);
});

test('a definition with derived columns is plain JSON, and is checked again without change', () => {
  const definition = parseDefinition(withDerived(derived, { spent: sum(['fee', 'hours']) }));
  const stored: unknown = JSON.parse(JSON.stringify(definition));
  expect(stored).toEqual(definition);
  expect(parseDefinition(stored)).toEqual(definition);
});

test('a row by position is filled from its sources', () => {
  const { columns, sources, derive } = rowDeriver(parseDefinition(withDerived(derived)));
  expect(columns.slice(sources)).toEqual(['per_hour', 'rate', 'tenure']);
  const row = columns.slice(0, sources).map((name) => ({ fee: 30, hours: 4, since: 0 })[name] ?? null);
  derive(row, 86_400_000_000);
  expect(row.slice(sources)).toEqual([7.5, Math.log1p(7.5), 1]);
});

test('columns may build on each other thousands deep', () => {
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

describe('refused', () => {
  const refused: (readonly [string, ModelInput, string, string])[] = [
    [
      'an unknown input',
      withDerived({ made: log1p('fees') }),
      'derived.made.inputs.0',
      'there is no column fees; there are fee, hours, calls, plan, gift, since, seen, tickets',
    ],
    [
      'an input of the wrong kind',
      withDerived({ made: ratio('fee', 'plan') }),
      'derived.made.inputs.1',
      'plan is a text; ratio accepts numbers',
    ],
    [
      'a number where an instant is read',
      withDerived({ made: daysSince('fee') }),
      'derived.made.inputs.0',
      'fee is a number; days_since accepts instants',
    ],
    [
      'a derived column of the wrong kind',
      withDerived({ made: log1p('range'), range: bucket('fee', [1]) }),
      'derived.made.inputs.0',
      'range is a text; log1p accepts numbers',
    ],
    [
      'a circle',
      withDerived({ x: log1p('a'), a: log1p('b'), b: log1p('c'), c: difference('fee', 'a') }),
      'derived.a',
      'circular derived columns: a reads b, b reads c, c reads a',
    ],
    [
      'a column that reads itself',
      withDerived({ made: sum(['fee', 'made']) }),
      'derived.made',
      'circular derived columns: made reads made',
    ],
    [
      'a column of another view, read inside a view',
      withDerived({}, { made: log1p('tickets') }),
      'features.0.derived.made.inputs.0',
      'there is no column tickets; the view has fee, hours, calls, plan, gift, since, seen',
    ],
    [
      "a column of the model's, read inside a view",
      withDerived({ rate: log1p('fee') }, { made: log1p('rate') }),
      'features.0.derived.made.inputs.0',
      'there is no column rate; the view has fee, hours, calls, plan, gift, since, seen',
    ],
    [
      'bounds that do not ascend',
      withDerived({ made: bucket('fee', [1, 1]) }),
      'derived.made.bounds',
      'must ascend',
    ],
    [
      'names that are too few for the ranges',
      withDerived({ made: bucket('fee', [1, 2], { labels: ['a', 'b'] }) }),
      'derived.made.labels',
      '2 bounds make 3 ranges, not 2',
    ],
    [
      'no limit to clip to',
      withDerived({ made: clip('fee', {}) }),
      'derived.made.lower',
      'give lower, upper or both; without a limit, nothing is clipped',
    ],
    [
      'limits the wrong way round',
      withDerived({ made: clip('fee', { lower: 2, upper: 1 }) }),
      'derived.made.lower',
      '2 lies above upper, 1',
    ],
    [
      'the first of columns of two kinds',
      withDerived({ made: coalesce(['fee', 'plan']) }),
      'derived.made.inputs.1',
      'is a text, and the columns before it are not',
    ],
    [
      'a default of another kind',
      withDerived({ made: coalesce(['plan'], { otherwise: 0 }) }),
      'derived.made.otherwise',
      'must be a text, as the columns are',
    ],
    [
      'bounds of a text',
      withDerived({ made: coalesce(['plan'], { min: 0 }) }),
      'derived.made.min',
      'does not apply to a column of texts',
    ],
    [
      'a text compared with a number',
      withDerived({ made: equals('plan', 1) }),
      'derived.made.value',
      'must be a text, as the column is',
    ],
    [
      'a distance of numbers for texts',
      withDerived({ made: coalesce(['plan'], { drift: { effect: 'wasserstein' } }) }),
      'derived.made.drift.effect',
      'wasserstein needs numbers; use psi or jensenshannon',
    ],
    [
      'a contract of a column that is no feature',
      withDerived({ made: log1p('fee', { inputOnly: true, min: 0 }) }),
      'derived.made.min',
      'applies only to features, and the column is inputOnly',
    ],
    [
      'the name of a column',
      withDerived({ fee: log1p('hours') }),
      'derived.fee',
      'a feature of that name is already declared in features.0',
    ],
    [
      'the name of a column that is no feature',
      withDerived({ since: log1p('hours') }),
      'derived.since',
      'a feature of that name is already declared in features.0',
    ],
    [
      "the name of a view's derived column",
      withDerived({ made: log1p('hours') }, { made: log1p('fee') }),
      'derived.made',
      'a feature of that name is already declared in features.0.derived',
    ],
    [
      'the name of a key',
      withDerived({ user_id: log1p('hours') }),
      'derived.user_id',
      'is already a key of the entity; give the feature another name',
    ],
    [
      'the name of a system column',
      withDerived({ xmin: log1p('hours') }),
      'derived.xmin',
      'is a system column of Postgres',
    ],
  ];

  test.each(refused)('%s', (_, input, at, problem) => {
    expect(placesOf(input)).toEqual([{ at, problem }]);
  });

  test('an operator that there is not, or a parameter of another', () => {
    const made = (spec: object) => ({ ...withDerived({}), derived: { made: spec } });
    expect(placesOf(made({ operator: 'sql', inputs: ['fee'] }))[0]?.at).toBe('derived.made.operator');
    expect(placesOf(made({ operator: 'ratio', inputs: ['fee'] }))[0]?.at).toMatch(/^derived\.made\.inputs/);
    expect(placesOf(made({ ...log1p('fee'), bounds: [1] }))[0]).toMatchObject({ at: 'derived.made' });
    expect(placesOf(made({ operator: 'bucket', inputs: ['fee'], bounds: [] }))[0]?.at).toBe(
      'derived.made.bounds',
    );
  });

  test('the same source column in two views, even where it is no feature', () => {
    const twice = { ...withDerived({}), features: [account, { ...account, table: 'other' }] };
    expect(placesOf(twice).map(({ at }) => at)).toContain('features.1.columns.since');
  });

  test('what is wrong with one column is said of it alone', () => {
    const places = placesOf(withDerived({ a: log1p('nothing'), b: log1p('a'), c: sum(['a', 'b']) }));
    expect(places.map(({ at }) => at)).toEqual(['derived.a.inputs.0']);
  });
});
