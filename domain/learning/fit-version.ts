// A version from training rows: fitted, then calibrated and given its threshold where that is asked for.
import { type ErrorCode, TidegateError } from '../errors.ts';
import type { ThresholdPolicy } from '../model/schema/training-schema.ts';
import { type Artifact } from './artifact/artifact.ts';
import { type Calibration, type CalibrationPolicy, chooseCalibration } from './artifact/calibrate.ts';
import { calibrated } from './artifact/calibration-map.ts';
import { chooseThreshold } from './artifact/operating-threshold.ts';
import { type NamedTask, type ScoredOutOfFold, scoreOutOfFold } from './out-of-fold.ts';
import { trainerNamed } from './trainers.ts';

/** A training, and what is made of its scores. */
export interface VersionTask extends NamedTask {
  /** @default 'none' */
  readonly calibration?: CalibrationPolicy | undefined;
  /** Absent means none of its own. */
  readonly threshold?: ThresholdPolicy | undefined;
}

/** Training rows that are scored out of fold, about: enough for a curve and a cut. */
const MAX_DEALT = 100_000;

/** The part of the progress that the fit itself is, where folds are fitted as well. */
const FIT_PART = 0.25;

/** Codes of a fold that its rows make impossible to learn. */
const CANNOT_BE_LEARNT: readonly ErrorCode[] = ['ONE_CLASS', 'TOO_FEW_LABELS', 'NOT_CONVERGED'];

/**
 * Fits a version. Where neither calibration nor threshold is asked for, the artifact is the trainer's, byte for byte. Both
 * are learnt from training rows out of fold, and no other row is looked at: the rows and options given settle every byte.
 *
 * With `auto`, rows that cannot be scored out of fold leave the scores as they are, and the artifact says why; if a fold
 * with rows enough could not be learnt, it says that the choice failed.
 *
 * @throws TidegateError as the trainer does; TOO_FEW_LABELS, ONE_CLASS or NOT_CONVERGED where a fold cannot be learnt that
 *   is needed; THRESHOLD_UNREACHABLE
 * @example fitVersion({ frame, rows, trainer, options: { seed: 7 }, calibration: 'auto', threshold: { recall: 0.8 } })
 */
export function fitVersion(task: VersionTask): Artifact {
  const { calibration: asked = 'none', threshold: policy, onProgress } = task;
  const needsCut = policy !== undefined && !('value' in policy);
  const needsFolds = asked !== 'none' || needsCut;
  const part = (from: number, to: number) => (fraction: number) =>
    onProgress?.(from + (to - from) * fraction);
  const artifact = trainerNamed(task.trainer).fit({
    ...task,
    onProgress: part(0, needsFolds ? FIT_PART : 1),
  });
  if (!needsFolds) return policy ? { ...artifact, threshold: chooseThreshold(policy, null) } : artifact;

  const scored = outOfFold({ ...task, onProgress: part(FIT_PART, 1) }, asked === 'auto' && !needsCut);
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

/** Rows that could not be scored out of fold, and can be done without. */
interface Unscored {
  readonly why: string;
  /** Set if there were rows enough, and a fold still could not be learnt. */
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
