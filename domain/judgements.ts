// The judgements (checks and comparisons) of the monitor, retrain and release loops: when each is due, when it does not
// apply, and what happens if it fails.

/** The state of a judgement. Plain JSON. */
export type JudgementState =
  | { readonly state: 'made' }
  | { readonly state: 'not applicable'; readonly reason: string }
  | (Failed & { readonly state: 'failed' });

/** Why a judgement that was due could not be made. Plain JSON. */
export interface Failed {
  /** Code of the error table; null for an error that has none. */
  readonly code: string | null;
  readonly reason: string;
}

/**
 * What happens to a candidate if a judgement that was due could not be made: it is refused, or continues with a
 * warning.
 */
export type FailedJudgementPolicy = 'refuse' | 'warn';

/** One judgement and when it is due. A test checks that the table in docs/training.md has the same texts. */
export interface Judgement {
  readonly run: 'monitor' | 'retrain' | 'release';
  readonly name: string;
  readonly due: string;
  /** When the judgement is recorded as not applicable, with the reason. No candidate is refused because of that. */
  readonly notApplicable: string;
  /** What happens if the judgement was due and could not be made. */
  readonly failed: string;
}

const RULE =
  'counts as a promotion rule that failed: the candidate is refused, or with `warn` an alarm is recorded';
const RECORDED = 'recorded; the outcome is `judgement failed` unless there is a reason to retrain';
const REFUSED = 'refused under either policy, because there is no comparison to decide on';

/** Every judgement of the loops, in the order in which a run makes them. */
export const JUDGEMENTS = [
  {
    run: 'monitor',
    name: 'quality',
    due: 'always',
    notApplicable: 'faults that need a reference, if no version is in Production',
    failed:
      'the loop stops at this window, as it does for a broken contract; the outcome is `judgement failed`',
  },
  {
    run: 'monitor',
    name: 'drift',
    due: 'a version is in Production',
    notApplicable: 'no version is in Production',
    failed: RECORDED,
  },
  {
    run: 'monitor',
    name: 'multivariate drift',
    due: 'drift is due and `drift.multivariate` is not `false`',
    notApplicable:
      'fewer than 50 entities in the window or in the reference, or no column with two common values',
    failed: RECORDED,
  },
  {
    run: 'monitor',
    name: 'performance',
    due: 'a version is in Production; the realised AUC needs holdout rows with labels of both classes, the estimated AUC is computed on holdout rows without a label',
    notApplicable:
      'no version is in Production, no holdout row has a label yet, or the version has no score reference',
    failed: RECORDED,
  },
  {
    run: 'retrain',
    name: 'leak check',
    due: 'always, before anything is trained',
    notApplicable:
      'the check of the times of views, if the label table does not say when a label became known',
    failed: 'refused before training, or an alarm with `warn`',
  },
  {
    run: 'retrain',
    name: 'recipes',
    due: 'the plan contains more than one recipe',
    notApplicable: 'one recipe, trees, or an imported version',
    failed: `${RULE}. A recipe that cannot be trained in every fold is dropped; if none is left, the choice has failed`,
  },
  {
    run: 'retrain',
    name: 'calibration map',
    due: "`training.calibration` is not `'none'`",
    notApplicable:
      'no calibration is requested, or `auto` is set and the training rows cannot be divided into folds that contain both classes',
    failed: `with \`auto\`, ${RULE}; otherwise the training itself fails`,
  },
  {
    run: 'retrain',
    name: 'temporal holdout',
    due: 'the candidate was trained here, the evaluation rows have at least two row times, at least 50 holdout clusters of each class come after the cutoff time, and at least 50 training rows of each class had a known label at the cutoff time',
    notApplicable:
      'one of these conditions is not met: the version was imported, there is only one row time, or there are too few rows before or after the cutoff time',
    failed: RULE,
  },
  {
    run: 'retrain',
    name: 'comparison',
    due: 'always: AUCs, log loss and the other measures, McNemar, importance',
    notApplicable: 'importance, if the holdout rows contain only one class',
    failed: REFUSED,
  },
  {
    run: 'retrain',
    name: 'slices',
    due: 'a slice has at least 50 positive and 10 negative clusters',
    notApplicable: 'no slice is that large; a named slice that is smaller is listed as too small to evaluate',
    failed: REFUSED,
  },
  {
    run: 'retrain',
    name: 'leak proof',
    due: 'for each version that was trained here; label times are checked only if the label table says when a label became known',
    notApplicable: 'an imported version, which stays unproven; label times that were not recorded',
    failed: REFUSED,
  },
  {
    run: 'release',
    name: 'validation',
    due: 'always: artifact, online rows, one path, extremes, slice floor, speed',
    notApplicable: 'never',
    failed: 'archived as `validation failed` under either policy',
  },
] as const satisfies readonly Judgement[];

/** Name of a judgement of the loop. */
export type JudgementName = (typeof JUDGEMENTS)[number]['name'];

/** Describes a judgement that failed. @example describeFailedJudgement('drift', { code: 'DATASET_EXPIRED', reason: 'no rows' }) */
export const describeFailedJudgement = (name: JudgementName, { code, reason }: Failed): string =>
  `the judgement "${name}" was due and could not be made: ${code === null ? '' : `${code}: `}${reason}`;
