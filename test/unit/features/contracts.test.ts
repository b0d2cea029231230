// Contracts: values that are not what the definition declares are counted, missing ones apart.
import { expect, test } from 'vitest';
import { category, type ColumnSpec, count, flag, numeric } from '../../../domain/features/column.ts';
import { checkContracts } from '../../../domain/features/contracts.ts';
import { defineModel, parseDefinition, view } from '../../../domain/features/define-model.ts';
import { type FeatureColumn, type Frame, MISSING_CODE } from '../../../domain/features/frame.ts';

const definitionOf = (columns: Record<string, ColumnSpec>) =>
  parseDefinition(
    defineModel({
      name: 'sample',
      entity: { name: 'user', keys: ['id'] },
      rows: { table: 'users', timestamp: 'at' },
      features: [view({ table: 'usage', timestamp: 'at', columns })],
      label: { table: 'labels', column: 'gone', timestamp: 'at' },
      monitor: { every: '1 month', window: '1 month' },
      training: { trainer: 'logistic-regression', window: '1 month' },
      promotion: {},
    }),
  );

const frameOf = (...features: FeatureColumn[]): Frame => {
  const [first] = features;
  const rows = first === undefined ? 0 : first.kind === 'numeric' ? first.values.length : first.codes.length;
  const bytes = new Uint8Array(rows);
  const clusters = new Uint32Array(rows);
  return { rows, features, labels: bytes, holdout: bytes, clusters, times: new BigInt64Array(rows) };
};

const numbers = (name: string, ...values: number[]): FeatureColumn => ({
  kind: 'numeric',
  name,
  values: Float64Array.from(values),
});
const texts = (name: string, dictionary: string[], ...codes: number[]): FeatureColumn => ({
  kind: 'category',
  name,
  dictionary,
  codes: Uint32Array.from(codes),
});

const check = (spec: ColumnSpec, column: FeatureColumn) =>
  checkContracts(definitionOf({ [column.name]: spec }), frameOf(column))[0];

test('numbers within inclusive bounds are as declared, and those beyond are not', () => {
  expect(check(numeric({ min: 0, max: 10 }), numbers('x', 0, 5, 10))).toEqual({
    column: 'x',
    rows: 3,
    missing: 0,
    violations: 0,
    words: 'as declared',
  });
  expect(check(numeric({ min: 0, max: 10 }), numbers('x', -5e-324, 5, 10.000000000000002))).toEqual({
    column: 'x',
    rows: 3,
    missing: 0,
    violations: 2,
    words: '2 of 3 rows are not finite numbers from 0 to 10',
  });
});

test('without bounds every finite number is as declared, and an infinite one never is', () => {
  expect(check(numeric(), numbers('x', -1e308, 0, 1e308))).toMatchObject({ violations: 0 });
  expect(check(numeric(), numbers('x', Infinity, -Infinity, 0))).toMatchObject({
    violations: 2,
    words: '2 of 3 rows are not finite numbers from −∞ to ∞',
  });
});

test('a count is a whole number from 0', () => {
  expect(check(count(), numbers('n', 0, 1, 2 ** 53))).toMatchObject({ violations: 0 });
  expect(check(count(), numbers('n', -1, 0.5, Infinity, 3))).toMatchObject({
    violations: 3,
    words: '3 of 4 rows are not whole numbers from 0',
  });
});

test('a category is one of its values, each row counted', () => {
  expect(check(category(['a', 'b']), texts('c', ['b', 'a'], 0, 1, 1))).toMatchObject({ violations: 0 });
  expect(check(category(['a', 'b']), texts('c', ['x', 'a', 'A'], 0, 1, 0, 2))).toMatchObject({
    violations: 3,
    words: '3 of 4 rows are not one of a, b',
  });
});

test('a flag has nothing to break', () => {
  expect(check(flag(), texts('f', ['true', 'false'], 0, 1))).toMatchObject({ violations: 0, missing: 0 });
});

test('missing values are counted and break no contract', () => {
  expect(check(count(), numbers('n', NaN, NaN, 1))).toMatchObject({ missing: 2, violations: 0 });
  expect(check(category(['a']), texts('c', ['a'], MISSING_CODE, 0))).toMatchObject({
    missing: 1,
    violations: 0,
  });
});

test('every column of a frame has its result, in order', () => {
  const definition = definitionOf({ x: numeric({ max: 1 }), c: category(['a']), n: count() });
  const frame = frameOf(numbers('x', 2), texts('c', ['a'], 0), numbers('n', 0.5));
  expect(checkContracts(definition, frame).map(({ column, violations }) => [column, violations])).toEqual([
    ['x', 1],
    ['c', 0],
    ['n', 1],
  ]);
});

test('a frame without rows breaks nothing', () => {
  expect(check(numeric({ min: 0 }), numbers('x'))).toMatchObject({ rows: 0, missing: 0, violations: 0 });
});
