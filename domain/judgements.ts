// The judgements of the loop: when each is due, when it does not apply, and what becomes of one that could not be made.

/** What became of a judgement. Plain JSON. */
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

/** What a policy makes of a judgement that was due and could not be made. */
export type FailedJudgementPolicy = 'refuse' | 'warn';

/** When one judgement is due. The texts are those of the table in docs/training.md; a test compares them. */
export interface Judgement {
  readonly run: 'monitor' | 'retrain' | 'release';
  readonly name: string;
  readonly due: string;
  /** When it is recorded as not applicable, with the reason; that refuses nothing. */
  readonly notApplicable: string;
  /** What becomes of it if it was due and could not be made. */
  readonly failed: string;
}

const RULE = 'a rule that does not hold: refused, or with `warn` an alarm';
const GOES_ON = 'recorded; the outcome is `judgement failed` unless a reason to retrain holds';
const REFUSED = 'refused, whatever the policy: there is no comparison to decide on';

/** Every judgement of the loop, in the order in which a run comes to it. */
export const JUDGEMENTS = [
  {
    run: 'monitor',
    name: 'quality',
    due: 'always',
    notApplicable: 'faults that need a reference: no version is in Production',
    failed: 'the loop stops at this window as at a broken contract; the outcome is `judgement failed`',
  },
  {
    run: 'monitor',
    name: 'drift',
    due: 'a version is in Production',
    notApplicable: 'no version is in Production',
    failed: GOES_ON,
  },
  {
    run: 'monitor',
    name: 'multivariate drift',
    due: 'drift is due and `drift.multivariate` asks for it',
    notApplicable: 'fewer than 50 entities on a side, or no column holds two common values',
    failed: GOES_ON,
  },
  {
    run: 'monitor',
    name: 'performance',
    due: 'a version is in Production; the AUC is realised if holdout rows have labels of both classes, and estimated on those without a label',
    notApplicable:
      'no version is in Production, no holdout row has a label yet, or the version has no score reference',
    failed: GOES_ON,
  },
  {
    run: 'retrain',
    name: 'leak check',
    due: 'always, before anything is trained',
    notApplicable: 'times of views: the label table does not say when a label became known',
    failed: 'refused before training, or with `warn` an alarm',
  },
  {
    run: 'retrain',
    name: 'recipes',
    due: 'the plan holds more than one recipe',
    notApplicable: 'one recipe, trees, or an imported version',
    failed: `${RULE}. A recipe that cannot be learnt in every fold is judged and out; if none is left, the choice failed`,
  },
  {
    run: 'retrain',
    name: 'calibration map',
    due: "`training.calibration` is not `'none'`",
    notApplicable:
      'no calibration is asked for, or with `auto` the training rows cannot be dealt into folds of both classes',
    failed: `with \`auto\` ${RULE}; otherwise the training itself fails`,
  },
  {
    run: 'retrain',
    name: 'temporal holdout',
    due: 'the candidate was trained here, the evaluation rows have at least two row times, at least 50 holdout clusters of each class come after the cut, and at least 50 training rows of each class had a known label by the cut',
    notApplicable:
      'any of these does not hold: the version was imported, there is one row time, or too little past or future',
    failed: RULE,
  },
  {
    run: 'retrain',
    name: 'comparison',
    due: 'always: AUCs, log loss and the other measures, McNemar, importance',
    notApplicable: 'importance: the holdout rows hold one class',
    failed: REFUSED,
  },
  {
    run: 'retrain',
    name: 'slices',
    due: 'a slice has at least 50 positive and 10 negative clusters',
    notApplicable: 'no slice is that large; a named one that is not is listed as too small to be judged',
    failed: REFUSED,
  },
  {
    run: 'retrain',
    name: 'leak proof',
    due: 'for each version that was trained here; times of labels if the label table says when one became known',
    notApplicable: 'an imported version, which stays unproven; label times that are not on record',
    failed: REFUSED,
  },
  {
    run: 'release',
    name: 'validation',
    due: 'always: artifact, online rows, one path, extremes, slice floor, speed',
    notApplicable: 'never',
    failed: 'archived as `validation failed`, whatever the policy',
  },
] as const satisfies readonly Judgement[];

/** Name of a judgement of the loop. */
export type JudgementName = (typeof JUDGEMENTS)[number]['name'];

/** What is said of a failed judgement. @example failedInWords('drift', { code: 'DATASET_EXPIRED', reason: 'no rows' }) */
export const failedInWords = (name: JudgementName, { code, reason }: Failed): string =>
  `the judgement "${name}" was due and could not be made: ${code === null ? '' : `${code}: `}${reason}`;
