// Tests that reports of earlier versions, in which the clipped means were called means, can be read.
import { expect, it } from 'vitest';
import { freezeReference } from '../../../domain/data/profile/feature-reference.ts';
import { readDriftPart } from '../../../domain/decisions/read-drift-part.ts';
import { judgeWindow } from '../../../domain/drift/verdict.ts';
import { profileWindow } from '../../../domain/data/profile/window-profile.ts';
import { driftPartSchema } from '../../../domain/decisions/report/report-document.ts';
import { unmeasured, type DriftPart } from '../../../domain/decisions/report.ts';
import { frameOf, normals, randomOf } from './frame-of.ts';

const random = randomOf(3);
const reference = freezeReference(frameOf({ fee: normals(500, random), stable: normals(500, random) }));
const window = frameOf({ fee: normals(500, random, 40), stable: normals(500, random) });
const today = {
  measured: true as const,
  championVersion: 1,
  verdict: judgeWindow(reference, profileWindow(reference, window), { share: 0.3 }),
};

/** The part as earlier versions wrote it. */
function asBefore(): DriftPart {
  const columns = today.verdict.columns.map(({ sd: _, clippedMean, mean: __, ...column }) => ({
    ...column,
    mean: clippedMean,
    words: 'drifted: mean 0.0312 → 2.6, distance in standard deviations 2.59',
  }));
  return JSON.parse(JSON.stringify({ ...today, verdict: { ...today.verdict, columns } })) as DriftPart;
}

it('a report of an earlier version is read with its clipped means under their own name', () => {
  const read = readDriftPart(asBefore());
  if (!read?.measured) throw new Error('the part was not read');
  const [fee, stable] = read.verdict.columns;
  const [expected] = today.verdict.columns;
  expect(fee?.clippedMean).toEqual(expected?.clippedMean);
  expect(fee?.mean).toMatchObject({ reference: null, window: null });
  expect(fee?.words).toMatch(
    /^drifted: clipped mean [^ ]+ → 2\.\d+, the mean is not shown: the report was written/,
  );
  expect(stable?.words).toMatch(/^stable: distance/);
  expect(driftPartSchema.safeParse(read).success).toBe(true);
});

it('a report that is current, of the preset or without a measurement is read unchanged', () => {
  expect(readDriftPart(today)).toBe(today);
  expect(readDriftPart(null)).toBeNull();
  const nothing = unmeasured('no version is in Production yet');
  expect(readDriftPart(nothing)).toBe(nothing);
  const columns = today.verdict.columns.map(({ sd: _, clippedMean: __, ...column }) => ({
    ...column,
    mean: null,
  }));
  const preset = { ...today, verdict: { ...today.verdict, preset: 'evidently' as const, columns } };
  expect(readDriftPart(preset)).toBe(preset);
});
