// Fits a version to training rows, then calibrates it and chooses its threshold if the definition asks for that.
import { type ErrorCode, TidegateError } from '../errors.ts';
import type { ThresholdPolicy } from '../model/schema/training-schema.ts';
import { type Artifact } from './artifact/artifact.ts';
import { type Calibration, type CalibrationPolicy, chooseCalibration } from './artifact/calibrate.ts';
import { calibrated } from './artifact/calibration-map.ts';
import { chooseThreshold } from './artifact/operating-threshold.ts';
import { type NamedTask, type ScoredOutOfFold, scoreOutOfFold } from './out-of-fold.ts';
import { trainerNamed } from './trainers.ts';

/** A training task with its calibration and threshold policies. */
export interface VersionTask extends NamedTask {
  /** @default 'none' */
  readonly calibration?: CalibrationPolicy | undefined;
  /** Absent if the version has no threshold of its own. */
  readonly threshold?: ThresholdPolicy | undefined;
}

/** Approximate number of training rows to score out of fold: enough for a calibration curve and a threshold. */
const MAX_DEALT = 100_000;

/** Share of the progress that belongs to the fit itself if folds are fitted as well. */
const FIT_PART = 0.25;

/** Error codes of a fold that cannot be fitted because of its rows. */
const CANNOT_BE_LEARNT: readonly ErrorCode[] = ['ONE_CLASS', 'TOO_FEW_LABELS', 'NOT_CONVERGED'];

/**
 * Fits a version. Calibration and threshold are learnt from out-of-fold scores of the training rows; no other row is
 * read, so the same rows and options always produce the same bytes. Without calibration and threshold, the artifact is
 * exactly that of the trainer.
 *
 * With calibration `auto`, scores stay uncalibrated if rows cannot be scored out of fold, and the artifact says why. If
 * there were enough rows but a fold could not be fitted, the artifact also records the error code in `failed`.
 *
 * @throws TidegateError as the trainer does; TOO_FEW_LABELS, ONE_CLASS or NOT_CONVERGED if a fold that is needed cannot be
 *   fitted; THRESHOLD_UNREACHABLE
 * @example fitVersion({ frame, rows, trainer, options: { seed: 7 }, calibration: 'auto', threshold: { recall: 0.8 } })
 */
export function fitVersion(task: VersionTask): Artifact {
  const { calibration: asked = 'none', threshold: policy, onProgress } = task;
  const mustChooseThreshold = policy !== undefined && !('value' in policy);
  const needsFolds = asked !== 'none' || mustChooseThreshold;
  const part = (from: number, to: number) => (fraction: number) =>
    onProgress?.(from + (to - from) * fraction);
  const artifact = trainerNamed(task.trainer).fit({
    ...task,
    onProgress: part(0, needsFolds ? FIT_PART : 1),
  });
  if (!needsFolds) return policy ? { ...artifact, threshold: chooseThreshold(policy, null) } : artifact;

  const scored = outOfFold(
    { ...task, onProgress: part(FIT_PART, 1) },
    asked === 'auto' && !mustChooseThreshold,
  );
  const calibration = asked === 'none' ? undefined : calibrationOn(asked, scored);
  const rows =
    'why' in scored
      ? null
      : { ...scored, scores: scored.scores.map((score) => calibrated(calibration?.map, score)) };
  return {
    ...artifact,
    ...(calibration && { calibration }),
    ...(policy && { threshold: chooseThreshold(policy, rows) }),
  };
}

/** Why rows could not be scored out of fold, if the version can do without these scores. */
interface Unscored {
  readonly why: string;
  /** Set if there were enough rows but a fold still could not be fitted. */
  readonly failed?: ErrorCode;
}

function outOfFold(task: NamedTask, isDispensable: boolean): ScoredOutOfFold | Unscored {
  try {
    return scoreOutOfFold(task, MAX_DEALT);
  } catch (error) {
    if (!isDispensable || !(error instanceof TidegateError) || !CANNOT_BE_LEARNT.includes(error.code))
      throw error;
    const isTooFew = error.code === 'TOO_FEW_LABELS' || error.code === 'ONE_CLASS';
    return { why: error.message, ...(!isTooFew && { failed: error.code }) };
  }
}

const calibrationOn = (asked: Calibration['asked'], scored: ScoredOutOfFold | Unscored): Calibration =>
  'why' in scored
    ? { asked, map: { kind: 'none' }, logLoss: null, rows: 0, positives: 0, ...scored }
    : chooseCalibration(asked, scored);
