// The drift table in the terminal.
import { describe, expect, it } from 'vitest';
import { driftFrame } from '../../../bench/drift-frames.ts';
import { driftTable, notableColumns } from '../../../cli/output/report-tables.ts';
import { sparkline } from '../../../cli/output/format.ts';
import { freezeReference } from '../../../domain/data/profile/feature-reference.ts';
import { judgeWindow } from '../../../domain/drift/verdict.ts';
import { profileWindow } from '../../../domain/data/profile/window-profile.ts';
import { type Frame } from '../../../domain/data/frame.ts';

const reference = freezeReference(driftFrame(3_000, 'reference'));
const judged = (frame: Frame) => judgeWindow(reference, profileWindow(reference, frame), { share: 0.3 });
const frame = driftFrame(3_000, 'window');
const verdict = judged(frame);

describe('a sparkline', () => {
  it('draws each share relative to the greatest, and a dot for a share of zero', () => {
    expect(sparkline([0, 0.0001, 0.1, 0.2, 0.4], 0.4)).toBe('·▁▂▄█');
    expect(sparkline([0, 0], 0)).toBe('··');
    expect(sparkline([], 1)).toBe('');
  });
});

describe('the table of drift', () => {
  const { head, rows } = driftTable(verdict);
  const cell = (column: string, title: string) =>
    rows.find(([name]) => name === column)?.[head.indexOf(title)];

  it('has a row for each column with everything that its verdict is based on', () => {
    expect(rows.map(([name]) => name)).toEqual(frame.features.map(({ name }) => name));
    expect([cell('n1', 'verdict'), cell('n0', 'verdict')]).toEqual(['drifted', 'stable']);
    expect(cell('n1', 'test')).toBe('ks');
    expect(cell('n1', 'adjusted p')).toBe('<0.0001');
    expect(Number(cell('n1', 'effect'))).toBeGreaterThan(Number(cell('n1', 'material from')));
    expect(Number(cell('n0', 'effect'))).toBeLessThan(0.1);
    expect(cell('n1', 'PSI')).toMatch(/^[\d.]+ act$/);
    expect(cell('n1', 'missing')).toBe('none');
    expect(cell('c2', 'new')).toBe('0 %');
    expect(cell('n1', 'values')).toBe('3000 → 3000');
  });

  it('draws reference and window with the same number of cells', () => {
    for (const column of ['n0', 'n1', 'n3', 'n6', 'c1']) {
      const [before, now] = [cell(column, 'reference'), cell(column, 'window')].map(String);
      expect([...before!].length).toBe([...now!].length);
    }
    expect(cell('n1', 'reference')).not.toBe(cell('n1', 'window'));
    expect([...String(cell('n0', 'window'))]).toHaveLength(16);
  });

  it('describes each column that is not stable, and no other', () => {
    expect(notableColumns(verdict).map((words) => words.split(':')[0])).toEqual(['n1', 'n4']);
  });

  it('shows dashes for what could not be measured, and for histograms that old reports lack', () => {
    const empty = judged(driftFrame(0, 'window'));
    const [first] = driftTable(empty).rows;
    expect(first!.slice(0, 4)).toEqual(['n0', 'not measurable', null, null]);
    const columns = verdict.columns.map(({ histogram, ...column }) => {
      expect(histogram).toBeTruthy();
      return column;
    });
    for (const row of driftTable({ ...verdict, columns }).rows) expect(row.slice(2, 4)).toEqual([null, null]);
  });
});
