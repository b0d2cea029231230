// The quality part of a report: what it says in words, its schema, and the shape that older reports hold.
import { expect, test } from 'vitest';
import { type ContractResult } from '../../../domain/model/parts/contract.ts';
import {
  brokenContracts,
  qualityInWords,
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
  words: '2 of 10 values (20 %) are below 0; none may',
};
const part: QualityPart = {
  version: 1,
  contracts: [held],
  findings: [],
  comparedWith: 1,
  repeats: { values: 10, repeats: 0 },
};

test('contracts that stop the loop are named first, and said to', () => {
  const stops = { ...broken, column: 'fee', severity: 'fail' as const };
  const contracts = [held, broken, stops];
  expect(brokenContracts({ contracts }).map(({ column }) => column)).toEqual(['fee', 'hours']);
  expect(qualityInWords({ ...part, contracts })).toBe(
    '2 of 3 contracts are broken: range of fee: 2 of 10 values (20 %) are below 0; none may (stops the loop); ' +
      'range of hours: 2 of 10 values (20 %) are below 0; none may',
  );
  expect(qualityInWords(part)).toBe('all 1 contracts hold; nothing else was found');
});

test('warnings are told in words, at most eight of them, and information is left to the report', () => {
  const [finding] = faults(
    { x: Float64Array.from({ length: 100 }, (_, row) => row) },
    { x: new Float64Array(100).fill(3) },
  );
  expect(qualityInWords({ ...part, findings: [finding!] })).toBe(
    'all 1 contracts hold; x: constant-column, all 100 values are 3; in the reference 1 % were',
  );
  expect(qualityInWords({ ...part, findings: new Array(10).fill(finding) as [] })).toMatch(/; and 2 more$/);
  expect(qualityInWords({ ...part, findings: [{ ...finding!, severity: 'info' }] })).toMatch(
    /nothing else was found$/,
  );
});

test('a part is what its schema says, and a number too many is refused', () => {
  const both = { ...part, contracts: [held, broken] };
  expect(qualityPartSchema.parse(both)).toEqual(both);
  expect(qualityPartSchema.safeParse({ ...part, contracts: [{ ...held, share: NaN }] }).success).toBe(false);
  expect(qualityPartSchema.safeParse({ ...part, more: 1 }).success).toBe(false);
});

test('the first shape of a part is read: its columns as contracts that warned, its words as they were', () => {
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
