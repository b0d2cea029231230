// Retention of datasets: which uses keep rows, and from when their age counts.
import { describe, expect, it, test } from 'vitest';
import { type DatasetUse, type KeptDataset, mayExpire } from '../../../domain/decisions/dataset-retention.ts';

const now = new Date('2026-11-25Z');
const longAgo = new Date('2024-01-31Z');

const dataset = (id: number, uses: readonly DatasetUse[] = [], createdAt = longAgo): KeptDataset => ({
  id,
  createdAt,
  uses,
});
const going = (...datasets: KeptDataset[]): number[] =>
  mayExpire(datasets, '12 months', now).map(({ id }) => id);

const version = {
  kind: 'training',
  version: 1,
  stage: 'Archived',
  wasInProduction: false,
  at: longAgo,
} as const;

describe('rows are kept, however old they are,', () => {
  it.each<[string, DatasetUse]>([
    ['of a version in Production', { ...version, stage: 'Production' }],
    ['of a version in Staging, which waits for a decision', { ...version, stage: 'Staging' }],
    ['that a version in Staging was compared on', { ...version, kind: 'comparison', stage: 'Staging' }],
    ['of a version that a rollback may go to', { ...version, wasInProduction: true }],
    ['of an open retrain', { kind: 'retrain', id: 'churn/report-1', isOpen: true, at: longAgo }],
    ['of the newest report', { kind: 'report', id: 1, isNewest: true, at: longAgo }],
  ])('%s', (_, use) => {
    expect(going(dataset(1, [use]))).toEqual([]);
  });
});

describe('rows may be deleted', () => {
  it.each<[string, readonly DatasetUse[]]>([
    ['that nothing was made of', []],
    ['of a version that was refused', [version]],
    [
      'of a retrain that ended and a report that was followed by others',
      [
        { kind: 'retrain', id: 'churn/report-1', isOpen: false, at: longAgo },
        { kind: 'report', id: 1, isNewest: false, at: longAgo },
      ],
    ],
  ])('%s', (_, uses) => {
    expect(going(dataset(1, uses))).toEqual([1]);
  });
});

test('age counts from the last use, and a dataset exactly as old as the policy allows is kept', () => {
  const used = (at: string): KeptDataset => dataset(1, [{ ...version, at: new Date(at) }]);
  expect(going(used('2025-11-25T00:00:00.000Z'))).toEqual([]);
  expect(going(used('2025-11-24T23:59:59.999Z'))).toEqual([1]);
  expect(going(dataset(1, [], new Date('2026-01-01Z')))).toEqual([]);
});

test('datasets that were unused longest are deleted first', () => {
  const later = dataset(1, [{ ...version, at: new Date('2024-06-01Z') }]);
  expect(going(later, dataset(3), dataset(2))).toEqual([2, 3, 1]);
});
