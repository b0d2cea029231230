import { expect, it } from 'vitest';
import { freezeReference } from '../../../domain/data/profile/feature-reference.ts';
import { judgeWindow } from '../../../domain/drift/verdict.ts';
import { profileWindow } from '../../../domain/data/profile/window-profile.ts';
import { fourteenColumns } from './fourteen-columns.ts';

it.each([7_000, 100_000])(
  'finds the two of 14 columns that drift, by +60 % and −15 %, and no others: %i rows',
  (rows) => {
    const reference = freezeReference(fourteenColumns(rows, 1));
    const window = fourteenColumns(rows, 2, { factors: { rebuffers: 1.6, watched: 0.85 } });
    const verdict = judgeWindow(reference, profileWindow(reference, window), { share: 0.1 });
    expect(verdict.driftedColumns).toEqual(['watched', 'rebuffers']);
    expect(verdict.notMeasurable).toEqual([]);
    expect(verdict.drifted).toBe(true);
  },
);
