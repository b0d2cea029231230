// Tests the quality part of a report: its summary, its schema, and the shape that older reports have.
import { expect, test } from 'vitest';
import { type ContractResult } from '../../../domain/quality/check-result.ts';
import {
  brokenContracts,
  describeQuality,
  type QualityPart,
  qualityPartSchema,
  readQualityPart,
} from '../../../domain/quality/quality-part.ts';
import { faults } from './facts-of.ts';

const held: ContractResult = {
  kind: 'type',
  column: 'hours',
  table: 'usage',
  severity: 'warn',
  held: true,
  rows: 10,
  violations: 0,
  share: 0,
  bound: 0,
  examples: [],
  violation: 'data_type_check',
  words: 'none of 10 values are not finite',
};
const broken: ContractResult = {
  ...held,
  kind: 'range',
  held: false,
  violations: 2,
  share: 0.2,
  words: '2 of 10 values (20 %) are below 0; none are allowed',
};
const part: QualityPart = {
  version: 1,
  contracts: [held],
  findings: [],
  comparedWith: 1,
  repeats: { values: 10, repeats: 0 },
};

test('the summary names contracts that stop the loop first, and says that they do', () => {
  const stops = { ...broken, column: 'fee', severity: 'fail' as const };
  const contracts = [held, broken, stops];
  expect(brokenContracts({ contracts }).map(({ column }) => column)).toEqual(['fee', 'hours']);
  expect(describeQuality({ ...part, contracts })).toBe(
    '2 of 3 contracts are broken: range of fee: 2 of 10 values (20 %) are below 0; none are allowed ' +
      '(stops the loop); range of hours: 2 of 10 values (20 %) are below 0; none are allowed',
  );
  expect(describeQuality(part)).toBe('all 1 contracts pass; nothing else was found');
});

test('the summary describes at most eight warnings, and leaves information to the report', () => {
  const [finding] = faults(
    { x: Float64Array.from({ length: 100 }, (_, row) => row) },
    { x: new Float64Array(100).fill(3) },
  );
  expect(describeQuality({ ...part, findings: [finding!] })).toBe(
    'all 1 contracts pass; x: constant-column, all 100 values are 3; in the reference 1 % were',
  );
  expect(describeQuality({ ...part, findings: new Array(10).fill(finding) as [] })).toMatch(/; and 2 more$/);
  expect(describeQuality({ ...part, findings: [{ ...finding!, severity: 'info' }] })).toMatch(
    /nothing else was found$/,
  );
});

test('the schema accepts a part, and refuses NaN and unknown fields', () => {
  const both = { ...part, contracts: [held, broken] };
  expect(qualityPartSchema.parse(both)).toEqual(both);
  expect(qualityPartSchema.safeParse({ ...part, contracts: [{ ...held, share: NaN }] }).success).toBe(false);
  expect(qualityPartSchema.safeParse({ ...part, more: 1 }).success).toBe(false);
});

test('reads the first shape of a part: its columns as contracts of severity warn, with unchanged texts', () => {
  const first = {
    contracts: [
      {
        column: 'hours',
        rows: 10,
        missing: 2,
        violations: 4,
        words: '4 of 10 rows are not finite numbers from 0 to ∞',
      },
      { column: 'plan', rows: 10, missing: 10, violations: 0, words: 'as declared' },
    ],
  };
  const read = readQualityPart(first);
  expect(qualityPartSchema.parse(read)).toEqual(read);
  expect(read?.contracts).toMatchObject([
    { column: 'hours', held: false, severity: 'warn', rows: 8, violations: 4, share: 0.5 },
    { column: 'plan', held: true, rows: 0, share: 0, words: 'as declared' },
  ]);
  expect(readQualityPart(part)).toBe(part);
  expect(readQualityPart(null)).toBeNull();
});
