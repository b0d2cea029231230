// How the demo prints its steps, and the table at its end.
import { describe, expect, it } from 'vitest';
import { endingTable } from '../../../cli/commands/demo/ending.ts';
import { Story } from '../../../cli/commands/demo/story.ts';
import { Output } from '../../../cli/output/output.ts';
import { type VersionRow } from '../../../cli/output/version-rows.ts';

describe('Story', () => {
  it('numbers its steps and puts the seconds before each line', async () => {
    let now = 500;
    let said = '';
    const stream = { write: (text: string) => (said += text) };
    const story = new Story({
      output: new Output({ stdout: stream, stderr: stream }),
      steps: 2,
      clock: () => now,
    });
    await story.step('it begins', async (note) => {
      now += 1_234;
      note('  something happens');
    });
    expect(await story.step('it ends', async () => 'well')).toBe('well');
    expect(said).toBe(
      '   0.0 s  [1/2] it begins\n   1.2 s        something happens\n   1.2 s  [2/2] it ends\n',
    );
  });

  it('passes on the error of a step', async () => {
    const stream = { write: () => undefined };
    const story = new Story({ output: new Output({ stdout: stream, stderr: stream }), steps: 1 });
    await expect(story.step('it begins', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  });
});

describe('endingTable', () => {
  const at = (value: number) => ({ value, low: value - 0.02, high: value + 0.02 });
  const version = (number: number, changes: Partial<VersionRow>): VersionRow => ({
    model: 'churn',
    version: number,
    stage: 'Archived',
    definitionVersion: 1,
    retrainId: `churn/report-${number}`,
    unproven: false,
    trainer: 'logistic-regression',
    artifactDigest: '0'.repeat(64),
    cut: null,
    calibration: null,
    createdAt: new Date(0),
    trainedOn: { from: new Date('2026-07-31'), to: new Date('2026-08-31'), rows: 7_000 },
    tuning: null,
    auc: at(0.85),
    champion: null,
    difference: null,
    moved: null,
    ...changes,
  });

  it('shows the AUC of each version in both months, and its score, in one row', () => {
    const versions = [
      version(2, { stage: 'Production', auc: at(0.77), champion: { version: 1, auc: at(0.56) } }),
      version(1, {}),
    ];
    const before = { version: 1, score: 0.597, asOf: '2026-08-31' };
    const after = { version: 2, score: 0.715, asOf: '2026-09-30' };
    const { rows } = endingTable(versions, { before, after });
    expect(rows.map(([name, stage, , first, second, , said]) => [name, stage, first, second, said])).toEqual([
      ['v1', 'Archived', '0.850 (0.830 to 0.870)', '0.560 (0.540 to 0.580)', '0.597'],
      ['v2', 'Production', '', '0.770 (0.750 to 0.790)', '0.715'],
    ]);
  });
});
