// Features as input columns of an ONNX model: a row of a frame and a record have the same numbers.
import { expect, test } from 'vitest';
import { type FeatureRecord, type Frame, MISSING_CODE, recordAt } from '../../../domain/data/frame.ts';
import { type OnnxInput } from '../../../domain/learning/artifact/onnx-artifact.ts';
import { cellsOfRecords, cellsOfRows } from '../../../domain/learning/artifact/onnx-columns.ts';

const frame: Frame = {
  rows: 3,
  features: [
    { kind: 'numeric', name: 'hours', values: Float64Array.of(1.5, NaN, 1e308) },
    { kind: 'category', name: 'plan', codes: Uint32Array.of(1, MISSING_CODE, 0), dictionary: ['odd', 'pro'] },
  ],
  labels: new Uint8Array(3),
  holdout: new Uint8Array(3),
  clusters: new Uint32Array(3),
  times: new BigInt64Array(3),
};
const rows = Uint32Array.of(0, 1, 2);
const records: FeatureRecord[] = [0, 1, 2].map((row) => recordAt(frame, row));
const codes = [{ value: 'pro', code: 4 }];

test.each<[OnnxInput['type'], number | null, unknown]>([
  ['float32', null, Float32Array.of(1.5, 4, NaN, -2, 3.4028234663852886e38, -1)],
  ['float64', null, Float64Array.of(1.5, 4, NaN, -2, 1e308, -1)],
  ['int32', 0, Int32Array.of(1, 4, 0, -2, 2 ** 31 - 1, -1)],
  ['int64', 0, BigInt64Array.of(1n, 4n, 0n, -2n, 2n ** 62n, -1n)],
])(
  '%s cells contain numbers, codes of levels, and the values for missing and unseen',
  (type, missing, expected) => {
    const input: OnnxInput = {
      name: 'X',
      type,
      columns: [
        { kind: 'numeric', name: 'hours', missing },
        { kind: 'category', as: 'code', name: 'plan', codes, unseen: -1, missing: -2 },
      ],
    };
    expect(cellsOfRows(input, frame, rows)).toEqual(expected);
    expect(cellsOfRecords(input, records)).toEqual(expected);
  },
);

test('texts are passed unchanged, and a value of the wrong type counts as missing', () => {
  const column = { kind: 'category', as: 'text', name: 'plan', missing: '?' } as const;
  const input: OnnxInput = { name: 'T', type: 'string', columns: [column] };
  expect(cellsOfRows(input, frame, rows)).toEqual(['pro', '?', 'odd']);
  expect(cellsOfRecords(input, [{ plan: 3 }, {}, { plan: 'new' }])).toEqual(['?', '?', 'new']);
});

test('a frame without the feature, or with one of another kind, is refused', () => {
  const reading = (name: string) => () =>
    cellsOfRows(
      { name: 'X', type: 'float32', columns: [{ kind: 'numeric', name, missing: null }] },
      frame,
      rows,
    );
  expect(reading('salary')).toThrow(/no feature salary/);
  expect(reading('plan')).toThrow(/plan is category in the rows, but the version expects numeric/);
});
