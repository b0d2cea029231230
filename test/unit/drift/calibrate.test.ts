import { describe, expect, it } from 'vitest';
import { columnLine } from '../../../cli/commands/drift/calibrate.ts';
import {
  calibrate,
  learnThreshold,
  type PastWindow,
  roundedUp,
} from '../../../domain/drift/calibration/calibrate.ts';
import { freezeReference } from '../../../domain/data/profile/feature-reference.ts';
import { judgeWindow } from '../../../domain/drift/verdict.ts';
import { profileWindow } from '../../../domain/data/profile/window-profile.ts';
import { category, count, numeric } from '../../../domain/model/parts/column.ts';
import { Random } from '../../../domain/random.ts';
import { frameOf, normals, randomOf } from './frame-of.ts';

describe('a learnt threshold', () => {
  it('is the mean plus three standard deviations, like in NannyML', () => {
    const { threshold } = learnThreshold([0.02, 0.03, 0.02, 0.04, 0.04], { name: 'sd' });
    expect(threshold).toBeCloseTo(0.03 + 3 * Math.sqrt(8e-5), 12);
  });

  it('is just above the rank that gives the rate of false alarms, and simulated windows confirm that rate', () => {
    const effects = Array.from({ length: 99 }, (_, i) => (i + 1) / 100);
    const { threshold } = learnThreshold(effects, { name: 'rate', falseAlarms: 0.05 });
    expect(threshold).toBeGreaterThan(0.95);
    expect(threshold).toBeLessThan(0.9500001);
    const random = new Random(4, 0, 0);
    let alarms = 0;
    for (let trial = 0; trial < 2_000; trial += 1) {
      const past = Array.from({ length: 60 }, () => random.uniform());
      const learnt = learnThreshold(past, { name: 'rate', falseAlarms: 0.1 }).threshold ?? 0;
      if (random.uniform() >= learnt) alarms += 1;
    }
    expect(alarms / 2_000).toBeLessThan(0.12);
    expect(alarms / 2_000).toBeGreaterThan(0.07);
  });

  it.each([
    [[0.1, 0.2], { name: 'sd' }, /2 windows, 5 are needed/],
    [[0.1, 0.2, 0.3, 0.4], { name: 'rate', falseAlarms: 0.05 }, /4 windows, 19 are needed/],
    [[0, 0, 0, 0, 0, 0], { name: 'sd' }, /never changed/],
    [[], { name: 'sd' }, /0 windows/],
  ] as const)('is refused with a reason for %j', (effects, method, reason) => {
    expect(learnThreshold(effects, method)).toMatchObject({ threshold: null });
    expect(learnThreshold(effects, method).reason).toMatch(reason);
  });

  it('is rounded up, so that it flags no more windows than the exact threshold', () => {
    expect([0.08121, 0.0812, 1.2341, 0.99999].map(roundedUp)).toEqual([0.0813, 0.0812, 1.24, 1]);
  });
});

describe('a calibration', () => {
  const random = randomOf(3);
  const reference = freezeReference(
    frameOf({ calm: normals(2_000, random), restless: normals(2_000, random) }),
  );
  const windows = Array.from({ length: 12 }, (_, i): PastWindow => {
    // The owner of this column knows that this is its season and not drift.
    const season = 0.25 * Math.sin(i);
    const frame = frameOf({ calm: normals(1_500, random), restless: normals(1_500, random, season) });
    const verdict = judgeWindow(reference, profileWindow(reference, frame), { share: 0.3 });
    return { reportId: 100 - i, asOf: `2024-0${1 + (i % 9)}-01T00:00:00.000Z`, championVersion: 1, verdict };
  });
  const policy = { effects: {}, thresholds: {}, alpha: 0.05 };

  it('shows the present and the learnt threshold, and the windows that each would have flagged', () => {
    const [calm, restless] = calibrate(windows, policy, { name: 'sd' });
    expect(calm).toMatchObject({ effect: 'wasserstein', windows: 12, present: 0.1, flaggedByPresent: [] });
    expect(calm?.learnt).toBeLessThan(0.1);
    expect(restless?.flaggedByPresent.length).toBeGreaterThan(4);
    expect(restless?.learnt).toBeGreaterThan(0.25);
    expect(restless?.flaggedByLearnt).toEqual([]);
  });

  it('uses the thresholds and effects of the definition', () => {
    const named = { ...policy, thresholds: { calm: 0.5 }, effects: { restless: 'psi' as const } };
    const [calm, restless] = calibrate(windows, named, { name: 'sd' });
    expect(calm?.present).toBe(0.5);
    expect(restless).toMatchObject({ effect: 'psi', present: 0.25, windows: 0, learnt: null });
    expect(restless?.reason).toBe('no window measured it with psi');
    expect(calibrate([], policy, { name: 'sd' })).toEqual([]);
  });
});

describe('the line to paste', () => {
  it('repeats the declaration with the learnt threshold', () => {
    const line = (name: string, spec: Parameters<typeof columnLine>[0]['spec']) =>
      columnLine({ name, spec, view: 0 }, 0.12);
    expect(line('fee', numeric({ min: 0, critical: true }))).toBe(
      'fee: numeric({ min: 0, critical: true, drift: { threshold: 0.12 } }),',
    );
    expect(line('n', count({ drift: { weight: 2, threshold: 0.4 } }))).toBe(
      'n: count({ drift: { weight: 2, threshold: 0.12 } }),',
    );
    expect(line('net', category(['DSL', "o'clock"]))).toBe(
      "net: category(['DSL', 'o\\'clock'], { drift: { threshold: 0.12 } }),",
    );
    expect(line('any', category())).toBe('any: category(undefined, { drift: { threshold: 0.12 } }),');
    expect(columnLine({ name: 'r', spec: numeric(), view: null }, 0.2)).toBe(
      '// derived r: drift: { threshold: 0.2 }',
    );
  });
});
