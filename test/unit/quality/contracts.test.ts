// Tests that each kind of contract passes at its bound and is broken beyond it, over pieces, and gives examples.
import { describe, expect, test } from 'vitest';
import { category, type ColumnSpec, count, flag, numeric } from '../../../domain/model/parts/column.ts';
import { checkFreshness, judgeContracts } from '../../../domain/quality/judge-contracts.ts';
import { type MatchTexts } from '../../../domain/model/parts/contract.ts';
import { type ContractResult } from '../../../domain/quality/check-result.ts';
import { shorten } from '../../../domain/quality/tally.ts';
import { WindowPass } from '../../../domain/quality/window-pass.ts';
import { defineModel, parseDefinition, view } from '../../../domain/model/define-model.ts';
import { type ModelDefinition, type ViewInput } from '../../../domain/model/definition.ts';
import { type FeatureColumn, MISSING_CODE } from '../../../domain/data/frame.ts';
import { describeContract, stoppingContracts } from '../../../domain/quality/quality-part.ts';

const definitionOf = (columns: Record<string, ColumnSpec>, more: Partial<ViewInput> = {}): ModelDefinition =>
  parseDefinition(
    defineModel({
      name: 'sample',
      entity: { name: 'user', keys: ['id'] },
      rows: { table: 'users', timestamp: 'at' },
      features: [view({ table: 'usage', timestamp: 'at', columns, ...more })],
      label: { table: 'labels', column: 'gone', timestamp: 'at' },
      monitor: { every: '1 month', window: '1 month' },
      training: { trainer: 'logistic-regression', window: '1 month' },
      promotion: {},
    }),
  );

const numbers = (...values: number[]): FeatureColumn => ({
  kind: 'numeric',
  name: 'x',
  values: Float64Array.from(values),
});
const texts = (...values: (string | null)[]): FeatureColumn => {
  const dictionary = [...new Set(values.filter((value) => value !== null))];
  const codes = values.map((value) => (value === null ? MISSING_CODE : dictionary.indexOf(value)));
  return { kind: 'category', name: 'x', codes: Uint32Array.from(codes), dictionary };
};
const names = { key: (row: number) => `["u${row}"]`, time: (row: number) => BigInt(row) * 1_000_000n };

/** Checks all contracts of a column over its pieces. */
function check(
  spec: ColumnSpec,
  pieces: FeatureColumn | FeatureColumn[],
  match?: MatchTexts,
): ContractResult[] {
  const all = [pieces].flat();
  const pass = new WindowPass(definitionOf({ x: spec }), all.slice(0, 1), match);
  for (const piece of all) {
    pass.startPiece(piece.kind === 'numeric' ? piece.values.length : piece.codes.length, names);
    pass.addColumn(piece);
    pass.endPiece();
  }
  return judgeContracts(pass);
}

const brief = (results: ContractResult[]) =>
  results.map(({ kind, held, violations, rows }) => [kind, held ? 'held' : 'broken', violations, rows]);

describe('the type contract', () => {
  test('requires finite numbers, whole counts, and true or false for flags', () => {
    expect(brief(check(numeric(), numbers(-1e308, 0, 1e308, NaN)))).toEqual([['type', 'held', 0, 3]]);
    expect(brief(check(numeric(), numbers(Infinity, -Infinity, 0)))).toEqual([['type', 'broken', 2, 3]]);
    expect(brief(check(count(), numbers(0, 1, 2 ** 53))).slice(0, 1)).toEqual([['type', 'held', 0, 3]]);
    expect(brief(check(count(), numbers(0.5, 3, Infinity))).slice(0, 1)).toEqual([['type', 'broken', 2, 3]]);
    expect(brief(check(flag(), texts('true', 'false', null)))).toEqual([['type', 'held', 0, 2]]);
    expect(brief(check(flag(), texts('true', 'yes')))).toEqual([['type', 'broken', 1, 2]]);
  });

  test('is broken in every row if the column is absent or has another kind', () => {
    const pass = new WindowPass(definitionOf({ x: numeric(), y: numeric({ severity: 'fail' }) }), [
      { name: 'x', kind: 'category', dictionary: [] },
    ]);
    pass.startPiece(3, names);
    pass.endPiece();
    expect(judgeContracts(pass)).toMatchObject([
      { kind: 'type', column: 'x', held: false, violations: 3, violation: 'data_type_check' },
      { kind: 'type', column: 'y', held: false, severity: 'fail', violation: 'missing_column_check' },
    ]);
  });
});

describe('the range contract', () => {
  test('includes its bounds, and is broken by the next number', () => {
    const spec = numeric({ min: 0, max: 10 });
    expect(brief(check(spec, numbers(0, 5, 10)))[1]).toEqual(['range', 'held', 0, 3]);
    expect(brief(check(spec, numbers(-5e-324, 5, 10.000000000000002)))[1]).toEqual(['range', 'broken', 2, 3]);
  });

  test('leaves infinities to the type contract, so that they are not counted twice', () => {
    expect(brief(check(numeric({ min: 0, max: 1 }), numbers(Infinity, -Infinity)))).toEqual([
      ['type', 'broken', 2, 2],
      ['range', 'held', 0, 2],
    ]);
  });

  test('starts at 0 for a count', () => {
    expect(brief(check(count({ max: 3 }), numbers(-1, 0, 3, 4)))[1]).toEqual(['range', 'broken', 2, 4]);
  });

  test('does not exist without a bound', () => {
    expect(check(numeric(), numbers(-1e9)).map(({ kind }) => kind)).toEqual(['type']);
  });
});

describe('the null-share contract', () => {
  test('passes at its bound and is broken beyond, as a share of all rows', () => {
    const spec = numeric({ nullShare: 0.1 });
    const nine = new Array<number>(9).fill(1);
    expect(brief(check(spec, numbers(...nine, NaN)))[1]).toEqual(['null-share', 'held', 1, 10]);
    expect(brief(check(spec, numbers(...nine.slice(1), NaN, NaN)))[1]).toEqual([
      'null-share',
      'broken',
      2,
      10,
    ]);
    expect(brief(check(category(undefined, { nullShare: 0 }), texts('a', null)))).toEqual([
      ['null-share', 'broken', 1, 2],
    ]);
  });

  test('passes in an empty window', () => {
    expect(brief(check(numeric({ nullShare: 0 }), numbers()))).toEqual([
      ['type', 'held', 0, 0],
      ['null-share', 'held', 0, 0],
    ]);
  });
});

describe('the set contract', () => {
  test('allows exactly the named values, counts every row, and ignores missing ones', () => {
    const spec = category(['a', 'b']);
    expect(brief(check(spec, texts('b', 'a', null)))).toEqual([['set', 'held', 0, 2]]);
    const [broken] = check(spec, texts('x', 'a', 'x', 'A', '__proto__'));
    expect(broken).toMatchObject({
      kind: 'set',
      held: false,
      violations: 4,
      violation: 'categorical_values_check',
    });
    expect(broken?.words).toBe('4 of 5 values (80 %) are not one of a, b; none are allowed');
  });

  test('names at most ten of its values', () => {
    const many = Array.from({ length: 12 }, (_, at) => `v${at}`);
    expect(check(category(many), texts('x'))[0]?.words).toContain('v9 or 2 others');
  });
});

describe('the regex contract', () => {
  test('must match the whole of each value', () => {
    const spec = category(undefined, { matches: '[a-z]+|\\d' });
    expect(brief(check(spec, texts('abc', '7', 'Abc', 'ab1', '', '77')))).toEqual([
      ['regex', 'broken', 4, 6],
    ]);
  });

  test('matches each distinct value only once, and rejects very long ones without matching', () => {
    const seen: string[] = [];
    const match: MatchTexts = (_pattern, values) => {
      seen.push(...values);
      return values.map(() => true);
    };
    const long = 'a'.repeat(1_001);
    const spec = category(undefined, { matches: 'a+' });
    expect(brief(check(spec, texts('a', 'a', 'aa', long), match))).toEqual([['regex', 'broken', 1, 4]]);
    expect(seen).toEqual(['a', 'aa']);
  });

  test('is broken, with the reason, if matching takes too long', () => {
    const [result] = check(category(undefined, { matches: '(a+)+' }), texts('a'), () => 'takes too long');
    expect(result).toMatchObject({ held: false, violations: 0 });
    expect(result?.words).toBe(
      'could not be checked: (a+)+ takes too long to match; write it without nested repetition',
    );
  });

  test('is refused with the definition if it is not a regular expression', () => {
    expect(() => definitionOf({ x: category(undefined, { matches: '(' }) })).toThrow(
      'must be a regular expression',
    );
  });
});

describe('the unique contract', () => {
  test('counts every occurrence after the first, over all pieces, but no missing value', () => {
    const spec = numeric({ unique: true });
    const pieces = [numbers(1, 2, NaN, NaN), numbers(2, 3, 2)];
    expect(brief(check(spec, pieces))[1]).toEqual(['unique', 'broken', 2, 5]);
    expect(brief(check(spec, numbers(1, 2, NaN, NaN)))[1]).toEqual(['unique', 'held', 0, 2]);
    expect(check(spec, pieces)[1]?.examples.map(({ value }) => value)).toEqual(['2', '2']);
    expect(brief(check(category(undefined, { unique: true }), texts('a', 'b', 'a', null, null)))).toEqual([
      ['unique', 'broken', 1, 3],
    ]);
  });
});

describe('mostly and severity', () => {
  test('mostly allows a share of the values, inclusive, to break a contract', () => {
    const spec = numeric({ min: 0, mostly: 0.9 });
    const nine = new Array<number>(9).fill(1);
    expect(brief(check(spec, numbers(...nine, -1)))[1]).toEqual(['range', 'held', 1, 10]);
    expect(brief(check(spec, numbers(...nine.slice(1), -1, -1)))[1]).toEqual(['range', 'broken', 2, 10]);
    expect(check(spec, numbers(...nine.slice(1), -1, -1))[1]?.words).toBe(
      '2 of 10 values (20 %) are below 0; at most 10 % are allowed',
    );
  });

  test('severity applies to all kinds or to those it names, and defaults to warn', () => {
    const severities = (spec: ColumnSpec) => check(spec, numbers(1)).map(({ severity }) => severity);
    expect(severities(numeric({ min: 0 }))).toEqual(['warn', 'warn']);
    expect(severities(numeric({ min: 0, severity: 'fail' }))).toEqual(['fail', 'fail']);
    expect(severities(numeric({ min: 0, severity: { range: 'fail' } }))).toEqual(['warn', 'fail']);
  });

  test('only a broken contract of severity fail stops the loop', () => {
    const of = (value: number) => check(numeric({ min: 0, severity: { range: 'fail' } }), numbers(value));
    expect(stoppingContracts({ contracts: of(1) })).toEqual([]);
    expect(stoppingContracts({ contracts: of(Infinity) })).toEqual([]);
    expect(stoppingContracts({ contracts: of(-1) }).map(describeContract)).toEqual([
      'range of x: 1 of 1 values (100 %) are below 0; none are allowed',
    ]);
  });
});

describe('examples', () => {
  test('are the first five rows over all pieces, with key and time', () => {
    const [, range] = check(numeric({ max: 0 }), [numbers(1, 0, 2), numbers(3, 4, 5, 6)]);
    expect(range).toMatchObject({ violations: 6 });
    expect(range?.examples).toEqual([
      { value: '1', key: '["u0"]', at: '1970-01-01T00:00:00.000Z' },
      { value: '2', key: '["u2"]', at: '1970-01-01T00:00:02.000Z' },
      { value: '3', key: '["u0"]', at: '1970-01-01T00:00:00.000Z' },
      { value: '4', key: '["u1"]', at: '1970-01-01T00:00:01.000Z' },
      { value: '5', key: '["u2"]', at: '1970-01-01T00:00:02.000Z' },
    ]);
  });

  test('shorten long values without splitting a character', () => {
    const [set] = check(category(['a']), texts(`${'x'.repeat(70)}`));
    expect(set?.examples[0]?.value).toBe(`${'x'.repeat(59)}…`);
    expect(shorten('😀'.repeat(70), 60)).toBe(`${'😀'.repeat(59)}…`);
    expect(shorten('😀'.repeat(60), 60)).toBe('😀'.repeat(60));
  });
});

describe('freshness', () => {
  const [states] = definitionOf(
    { x: numeric() },
    { freshness: { within: '2 days', severity: 'fail' } },
  ).features;
  const [silent] = definitionOf({ x: numeric() }).features;
  const end = new Date('2024-01-31T00:00:00Z');

  test('passes at exactly the allowed age, and is broken a millisecond later or without any row', () => {
    const at = new Date('2024-01-29T00:00:00Z');
    expect(checkFreshness(states!, at, end)).toMatchObject({ held: true, table: 'usage', column: null });
    expect(checkFreshness(states!, new Date(at.getTime() - 1), end)).toMatchObject({
      held: false,
      severity: 'fail',
    });
    expect(checkFreshness(states!, null, end)?.words).toBe(
      'usage has no rows up to the end of the window; its newest at should be at most 2 days before 2024-01-31T00:00:00.000Z',
    );
  });

  test('is not checked if the view does not declare it', () => {
    expect(checkFreshness(silent!, null, end)).toBeUndefined();
  });
});

test('refuses a contract of an input-only column, because nothing could check it', () => {
  const columns = { x: numeric(), born: numeric({ inputOnly: true, min: 0, nullShare: 0.1 }) };
  expect(() => definitionOf(columns)).toThrow(
    /features\.0\.columns\.born\.nullShare: is a contract on a column that is not a feature/,
  );
  expect(() => definitionOf({ x: numeric(), born: numeric({ inputOnly: true }) })).not.toThrow();
});

test('refuses pieces of another kind or with another dictionary than the window', () => {
  expect(() => check(numeric(), [numbers(1), texts('a')])).toThrow('another kind');
  expect(() => check(category(['a']), [texts('a'), texts('b')])).toThrow('another kind');
});
