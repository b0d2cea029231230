// The progress of an import on a terminal.
import { expect, test } from 'vitest';
import { progressLine, progressReporter } from '../../../cli/commands/import/import.ts';
import { type ImportProgress } from '../../../store/import/import-progress.ts';

const moment: ImportProgress = {
  file: 'users.csv',
  step: 'reading',
  rows: 340_000,
  bytes: 78_000_000,
  totalBytes: 100_000_000,
  share: 0.4299,
};

test('a line shows file, step, rows, percentage and speed', () => {
  expect(progressLine(moment, 2.5)).toBe('users.csv: reading 340,000 rows, 42 %, 31.2 MB/s');
  expect(progressLine(moment, 0)).toContain('0.0 MB/s');
});

test('progress is shown at most ten times a second, and at each change of file or step', () => {
  let now = 0;
  const lines: string[] = [];
  const report = progressReporter(
    (line) => lines.push(line),
    () => now,
  );
  for (; now < 1_000; now += 10) report(moment);
  expect(lines).toHaveLength(10);
  report({ ...moment, step: 'adding' });
  report({ ...moment, file: 'labels.csv', step: 'adding' });
  expect(lines.slice(10)).toEqual([
    expect.stringContaining('users.csv: adding'),
    expect.stringContaining('labels.csv: adding'),
  ]);
});
