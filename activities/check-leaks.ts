// The leak alarm: finds features that leak the label, before anything is trained on them.
import { log } from '@temporalio/activity';
import { errorKinds, TidegateError } from '../domain/errors.ts';
import { type ModelDefinition } from '../domain/model/definition.ts';
import { type Frame, trainingRows } from '../domain/data/frame.ts';
import { type Window, windowEndingAt } from '../domain/model/window.ts';
import {
  alarmsOf,
  evenlyByClass,
  isRefused,
  evaluateLeaks,
  type LeakCheck,
  leakCheckFailed,
  type LeakFacts,
  leakPolicyOf,
  describeLeakCheck,
  rowsSince,
} from '../domain/learning/leak-alarm.ts';
import { type LoneFeature } from '../domain/learning/lone-feature.ts';
import { type Failed } from '../domain/judgements.ts';
import { type Database } from '../store/postgres/database.ts';
import { type Dataset, getDataset } from '../store/registry/dataset.ts';
import { readDataset } from '../store/datasets/read.ts';
import { getDefinition } from '../store/definitions/definitions.ts';
import { lateViews } from '../store/join/late-views.ts';
import { getRetrain, noteRetrain } from '../store/registry/retrains.ts';
import { compute } from './compute/compute.ts';
import { type ActivityDeps, computeControl } from './deps.ts';

/**
 * Maximum number of training rows per class that are examined; a larger window is sampled evenly, which hardly affects
 * the AUCs.
 */
const MAX_ROWS_OF_CLASS = 25_000;

/** The result of the leak check of a training window. */
export interface LeaksChecked {
  readonly words: string;
  /** Why the window may not be used for training; null if it may. */
  readonly refused: { readonly code: 'LEAK_SUSPECTED' | 'JUDGEMENT_FAILED'; readonly reason: string } | null;
}

/** A training window to check. */
export interface LeaksToCheck {
  readonly retrainId: string;
  /** The error of the last attempt, if the check is to be recorded as failed; absent if the check is to be made. */
  readonly failed?: Failed;
}

/** The step that checks for leaks before training. */
export const leakActivities = ({ database }: ActivityDeps) => ({
  /** Examines only the training rows of a retrain's frozen window, and stores the result with the retrain. */
  async checkLeaks({ retrainId, failed }: LeaksToCheck): Promise<LeaksChecked> {
    const retrain = await getRetrain(database, retrainId);
    if (retrain.datasetId === null)
      throw new TidegateError('DEFECT', `retrain ${retrainId} has no frozen dataset`);
    const dataset = await getDataset(database, retrain.datasetId);
    const { definition } = await getDefinition(database, retrain.model, dataset.definitionVersion);
    const policy = leakPolicyOf(definition.training.leakAlarm);
    const check = failed
      ? leakCheckFailed(policy, failed)
      : evaluateLeaks(await lookForLeaks(database, dataset, definition), policy);
    await noteRetrain(database, retrainId, { leaks: check });
    const words = describeLeakCheck(check);
    log.info(words, { model: retrain.model, retrainId });
    return { words, refused: refusalOf(check, definition) };
  },
});

async function lookForLeaks(
  database: Database,
  dataset: Dataset,
  definition: ModelDefinition,
): Promise<LeakFacts> {
  const { frame } = await readDataset(database, dataset, {
    rows: (marks) => evenlyByClass(marks.labels, trainingRows(marks), MAX_ROWS_OF_CLASS),
  });
  return {
    rows: frame.rows,
    features: frame.features.length,
    alone: [
      ...(await judgeEach(frame, definition.training.seed)),
      ...(await judgeNewest(frame, definition, dataset.window)),
    ],
    views: await lateViews(database, definition, dataset),
  };
}

/**
 * Returns why the window is refused; null if it is not. The policy of the leak alarm says whether a leak is a reason to
 * refuse; the policy for failed judgements says it for a check that could not be made.
 */
function refusalOf(check: LeakCheck, { promotion }: ModelDefinition): LeaksChecked['refused'] {
  if (check.failed)
    return promotion.failedJudgement === 'warn'
      ? null
      : { code: 'JUDGEMENT_FAILED', reason: describeLeakCheck(check) };
  const reason = `${alarmsOf(check).join('; ')}. ${errorKinds.LEAK_SUSPECTED.remedy}`;
  return isRefused(check) ? { code: 'LEAK_SUSPECTED', reason } : null;
}

/**
 * Also judges the newest monitor window separately if there are older rows, because a recent leak would be diluted
 * among all rows.
 */
async function judgeNewest(
  frame: Frame,
  { monitor, training }: ModelDefinition,
  { from, to }: Window,
): Promise<LoneFeature[]> {
  const since = windowEndingAt(to, monitor.window, monitor).from;
  if (since <= from) return [];
  const found = await judgeEach(rowsSince(frame, since), training.seed);
  return found.map((one) => ({ ...one, since: since.toISOString() }));
}

const judgeEach = (frame: Frame, seed: number): Promise<LoneFeature[]> =>
  compute('judgeFeaturesAlone', { frame, seed }, computeControl());
