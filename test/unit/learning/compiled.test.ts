// Compiled scoring gives the same bits as scoring a record, whatever the columns are called.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Artifact } from '../../../domain/learning/artifact/artifact.ts';
import { type CalibrationMap } from '../../../domain/learning/artifact/calibration-map.ts';
import { type ColumnValues, compileScorer } from '../../../domain/learning/artifact/compiled.ts';
import { scoreRecord } from '../../../domain/learning/artifact/score.ts';
import { type ColumnEncoding, encodedWidth } from '../../../domain/learning/encode/encoding.ts';
import { type Value } from '../../../domain/model/derived/operator.ts';

const ODD_NAMES = [
  "'];process.exit()//",
  '__proto__',
  '${x}',
  '`+process.exit()+`',
  '\u2028',
  '"',
  'constructor',
  'toString',
  '*/',
  '\\',
  'a\nb',
];

const name = fc.oneof(fc.constantFrom(...ODD_NAMES), fc.string({ minLength: 1, maxLength: 6 }));
const text = fc.constantFrom('a', 'b', 'c', '', '__proto__', '${x}', 'never seen');
const anyNumber = fc.oneof(
  fc.double({ noNaN: true }),
  fc.constantFrom(0, -0, 1e308, -1e308, Infinity, 5e-324),
  fc.integer(),
);

const numeric = fc.record({
  kind: fc.constant('numeric' as const),
  scale: fc.option(
    fc.record({
      mean: fc.double({ noNaN: true, min: -1e12, max: 1e12 }),
      sd: fc.double({ noNaN: true, min: 1e-6, max: 1e6 }),
    }),
  ),
  missing: fc.boolean(),
});
const category = fc.record({
  kind: fc.constant('category' as const),
  levels: fc.uniqueArray(text, { maxLength: 5 }),
  other: fc.boolean(),
  missing: fc.boolean(),
});

const calibration: fc.Arbitrary<CalibrationMap | undefined> = fc.constantFrom(
  undefined,
  { kind: 'none' },
  { kind: 'platt', slope: 1.3, intercept: -0.2 },
  { kind: 'isotonic', scores: [0.1, 0.4, 0.9], probabilities: [0, 0.5, 1] },
);

/** A version with random columns, and the columns of its rows: its own in another order, with some that it does not use. */
const model = fc
  .uniqueArray(name, { minLength: 1, maxLength: 8 })
  .chain((names) =>
    fc.record({
      columns: fc.shuffledSubarray([...names, 'unused'], { minLength: 1 }),
      encodings: fc.tuple(
        ...names.map((each) =>
          fc.oneof(numeric, category).map((encoding): ColumnEncoding => ({ ...encoding, name: each })),
        ),
      ),
      map: calibration,
    }),
  )
  .chain(({ columns, encodings, map }) => {
    const width = encodedWidth({ columns: encodings, dropped: [] });
    return fc
      .array(fc.double({ noNaN: true, min: -50, max: 50 }), { minLength: width, maxLength: width })
      .map((coefficients) => ({
        columns,
        artifact: {
          encoding: { columns: encodings, dropped: [] },
          coefficients,
          ...(map && { calibration: { map } }),
        } as unknown as Artifact,
      }));
  });

const recordOf = (columns: readonly string[], row: readonly Value[]): Record<string, Value> => {
  // Without a prototype, because assigning to `__proto__` of a plain object would not create a field.
  const record = Object.create(null) as Record<string, Value>;
  columns.forEach((column, at) => (record[column] = row[at] ?? null));
  return record;
};

describe('a compiled version', () => {
  test('scores a row with the same bits as its record', () => {
    const value: fc.Arbitrary<Value> = fc.oneof(anyNumber, text, fc.constant(null));
    fc.assert(
      fc.property(model, fc.array(fc.array(value, { minLength: 9, maxLength: 9 })), (given, rows) => {
        const compiled = compileScorer(given.artifact, given.columns);
        for (const row of rows) {
          const { score } = scoreRecord(given.artifact, recordOf(given.columns, row));
          expect(compiled.scoreRow(row)).toBe(score);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('scores columns with the same bits as rows, and absent columns as missing', () => {
    const cells: fc.Arbitrary<ColumnValues> = fc.oneof(
      fc
        .array(fc.oneof(anyNumber, fc.constant(NaN)), { minLength: 3, maxLength: 3 })
        .map((values) => Float64Array.from(values)),
      fc.array(fc.option(text), { minLength: 3, maxLength: 3 }),
      fc.constant(null),
    );
    fc.assert(
      fc.property(model, fc.array(cells, { maxLength: 9 }), (given, columns) => {
        const compiled = compileScorer(given.artifact, given.columns);
        const rows = [0, 1, 2].map((row) =>
          compiled.scoreRow(columns.map((values) => values?.[row] ?? null)),
        );
        expect([...compiled.scoreColumns(columns, 3)]).toEqual(rows);
      }),
      { numRuns: 300 },
    );
  });
});
