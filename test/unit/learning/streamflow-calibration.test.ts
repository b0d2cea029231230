// StreamFlow: no feature leaks, uncalibrated scores are probabilities, and calibration corrects for class weights.
import { describe, expect, test } from 'vitest';
import { evaluationRows, type Frame, trainingRows } from '../../../domain/data/frame.ts';
import { type Artifact } from '../../../domain/learning/artifact/artifact.ts';
import { type CalibrationPolicy } from '../../../domain/learning/artifact/calibrate.ts';
import { fitVersion } from '../../../domain/learning/fit-version.ts';
import { foldsOf } from '../../../domain/learning/resample/folds.ts';
import { evaluateLeaks, leakPolicyOf } from '../../../domain/learning/leak-alarm.ts';
import { measureLoneFeature } from '../../../domain/learning/lone-feature.ts';
import { type Calibration, calibrationOf } from '../../../domain/learning/metrics/performance.ts';
import { scoreRows } from '../../../domain/learning/artifact/score.ts';
import { describeWith } from '../drift/oracles.ts';
import { frameOf, readMonth } from '../cli/demo/read-month.ts';
import { allRows, rowsOf } from './labelled-frame.ts';
import { STREAMFLOW } from './streamflow-comparison.ts';

const months = ['month_000', 'month_001'];

const fit = (frame: Frame, classWeight: 'none' | 'balanced', calibration: CalibrationPolicy): Artifact =>
  fitVersion({
    frame,
    rows: trainingRows(frame),
    trainer: 'logistic-regression',
    options: { seed: 7, classWeight },
    calibration,
  });

/** On the holdout rows. */
function held(frame: Frame, artifact: Artifact): Calibration {
  const rows = evaluationRows(frame);
  const labels = Uint8Array.from(rows, (row) => frame.labels[row]!);
  return calibrationOf(labels, scoreRows(artifact, frame, rows));
}

describeWith(
  months.map((month) => `data/streamflow/${month}/users.csv`),
  'StreamFlow',
  () => {
    describe.each(months)('%s', (month) => {
      const read = (): Frame => frameOf(readMonth(STREAMFLOW + month));

      test('has no feature that predicts the label implausibly well on its own', () => {
        const frame = read();
        const own = rowsOf(frame, trainingRows(frame));
        const { folds } = foldsOf(own, allRows(own), { seed: 7 });
        const alone = own.features.flatMap(
          (column) => measureLoneFeature(column, { frame: own, folds }) ?? [],
        );
        expect(alone).toHaveLength(own.features.length);
        const facts = { rows: own.rows, features: alone.length, alone, views: null };
        expect(evaluateLeaks(facts, leakPolicyOf(undefined)).alone).toEqual([]);
        expect(Math.max(...alone.map(({ auc }) => auc.value))).toBeLessThan(0.8);
      });

      test('is not calibrated without class weights', () => {
        const frame = read();
        expect(fit(frame, 'none', 'auto').calibration!.map).toEqual({ kind: 'none' });
      });

      test('has probabilities again when a fit with class weights is calibrated', () => {
        const frame = read();
        const [weighted, mended, bare] = [
          held(frame, fit(frame, 'balanced', 'none')),
          held(frame, fit(frame, 'balanced', 'auto')),
          held(frame, fit(frame, 'none', 'none')),
        ];
        expect(weighted.logLoss).toBeGreaterThan(bare.logLoss + 0.05);
        expect(Math.abs(mended.logLoss - bare.logLoss)).toBeLessThan(0.005);
        expect(mended.ece).toBeLessThan(weighted.ece / 2);
      });
    });
  },
);
