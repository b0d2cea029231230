// Judging out of time: the candidate's recipe learns what was known by a cut, and is tested on holdout rows after it.
import { cancellationSignal, heartbeat } from '@temporalio/activity';
import { type ModelDefinition } from '../../domain/features/definition.ts';
import { before, durationOf } from '../../domain/features/duration.ts';
import { dayOf, windowEndingAt } from '../../domain/features/window.ts';
import { type Tuning } from '../../domain/learning/choose-recipe.ts';
import { compare } from '../../domain/learning/comparison.ts';
import { trainingRows } from '../../domain/learning/rows.ts';
import { linearScorer } from '../../domain/learning/scorer.ts';
import { timeCut } from '../../domain/learning/time-cut.ts';
import { type OutOfTime } from '../../domain/lifecycle/out-of-time.ts';
import { TidegateError } from '../../domain/errors.ts';
import { countClasses } from '../../domain/learning/class-counts.ts';
import { TREES, treeArtifact, treeOptions } from '../../domain/learning/trees.ts';
import { openScorer, scorerSourceOf } from '../../scoring/scorer-source.ts';
import { type FitTrees } from '../trees/fit-trees.ts';
import { type Database } from '../../store/database.ts';
import { type Dataset, getDataset } from '../../store/datasets/dataset.ts';
import { freezeWindow } from '../../store/datasets/freeze.ts';
import { readDataset } from '../../store/datasets/read.ts';
import { getDefinition } from '../../store/definitions/definitions.ts';
import { newestLabelledTime } from '../../store/features/newest-labelled-time.ts';
import { readTuning, type Version } from '../../store/versions/versions.ts';
import { compute } from '../compute/compute.ts';
import { followed } from '../followed.ts';
import { trainingOptions } from '../training/training-options.ts';
import { type Evaluation } from './evaluation.ts';

/** What is judged. */
export interface OutOfTimeInput {
  readonly retrainId: string;
  readonly candidate: Version;
  readonly champion: Version | null;
  readonly evaluation: Evaluation;
  /** Of the champion on the evaluation rows; unused without a champion. */
  readonly championScores: Float64Array;
  /** Has trees fitted, where the candidate is made of them. */
  readonly fitTrees: FitTrees;
}

/** Where the past is too poor to learn from, the entity holdout alone decides. */
const CANNOT_LEARN: readonly string[] = [
  'EMPTY_WINDOW',
  'TOO_FEW_LABELS',
  'ONE_CLASS',
  'NOT_CONVERGED',
  'FEATURES_NOT_KNOWN',
];

/**
 * Trains a model by the candidate's recipe on rows whose label was known by the cut, and compares it with the champion on
 * the holdout rows after it. Not judged where the rows have one time, too few clusters come after the cut, or too little
 * was known by then. The recipe is fitted without calibration and threshold: they change no order of scores, and so, but
 * for ties, no AUC.
 */
export async function judgeOutOfTime(database: Database, input: OutOfTimeInput): Promise<OutOfTime> {
  const { frame } = input.evaluation;
  if (input.candidate.unproven)
    return { judged: false, reason: 'how the candidate was trained is not known: it was imported' };
  const found = timeCut(frame);
  if (found.cut === null) return { judged: false, reason: found.reason };
  const { rows, rowTimes } = found;
  const cut = new Date(Number(found.cut / 1_000n));
  const { model, definitionVersion } = input.candidate;
  const { definition } = await getDefinition(database, model, definitionVersion);
  try {
    const tuning = await readTuning(database, model, input.candidate.version);
    const past = await freezePast(database, input, { definition, tuning, cut });
    const { scorer, prior, trained } =
      definition.training.trainer === TREES
        ? await treesOn(database, past, definition, input)
        : await trainOn(database, past, definition, tuning);
    const championScores = input.champion
      ? Float64Array.from(rows, (row) => input.championScores[row]!)
      : new Float64Array(rows.length).fill(prior);
    const result = compare({
      labels: rows.map((row) => frame.labels[row]!),
      clusters: rows.map((row) => frame.clusters[row]!),
      championScores,
      candidateScores: await scorer.scoreRows(frame, Uint32Array.from(rows)),
    });
    const champion = input.champion && (await getDataset(database, input.champion.datasetId));
    return {
      judged: true,
      cut: cut.toISOString(),
      rowTimes,
      trainedRows: trained,
      trainingDigest: past.digest,
      labelTimes: definition.label.known === undefined ? 'delay' : 'known',
      rows: rows.length,
      positiveClusters: result.positiveClusters,
      negativeClusters: result.negativeClusters,
      championAuc: result.champion.auc,
      candidateAuc: result.candidate.auc,
      difference: result.difference,
      championTrainedUntil: champion?.window.to.toISOString() ?? null,
    };
  } catch (error) {
    if (!(error instanceof TidegateError) || !CANNOT_LEARN.includes(error.code)) throw error;
    return {
      judged: false,
      reason: `from what was known by ${dayOf(cut)} nothing could be learnt: ${error.message}`,
    };
  }
}

interface Past {
  readonly definition: ModelDefinition;
  readonly tuning: Tuning | null;
  readonly cut: Date;
}

/**
 * The training window as it would have been frozen at the cut: with the labels that were known by then, and from the
 * change on where the candidate learnt from recent rows alone.
 */
async function freezePast(
  database: Database,
  { retrainId, candidate }: OutOfTimeInput,
  { definition, tuning, cut }: Past,
): Promise<Dataset> {
  // Where the label's table does not say when a label became known, it is taken as known once its delay has passed.
  const labelledUntil =
    definition.label.known === undefined ? before(cut, durationOf(definition.label.delay)) : cut;
  const newest = await newestLabelledTime(database, definition, labelledUntil, cut);
  if (!newest) throw new TidegateError('TOO_FEW_LABELS', 'no label was known by then');
  const to = newest < labelledUntil ? newest : labelledUntil;
  const window = windowEndingAt(to, definition.training.window);
  const change =
    tuning?.chosen.window === 'recent' && tuning.change !== null ? new Date(tuning.change) : null;
  if (change !== null && change >= to)
    throw new TidegateError('TOO_FEW_LABELS', 'no label of a row after the change was known by then');
  return freezeWindow(database, {
    request: `${retrainId}/out-of-time`,
    definition,
    definitionVersion: candidate.definitionVersion,
    window: change !== null && change > window.from ? { from: change, to } : window,
    knownBy: cut,
    ...followed(),
  });
}

async function trainOn(
  database: Database,
  past: Dataset,
  { training }: ModelDefinition,
  tuning: Tuning | null,
) {
  const { frame } = await readDataset(database, past, { rows: trainingRows });
  const rows = Uint32Array.from({ length: frame.rows }, (_, row) => row);
  const artifact = await compute(
    'fit',
    { frame, rows, trainer: training.trainer, options: trainingOptions(training, tuning?.chosen) },
    {
      signal: cancellationSignal(),
      onProgress: (fraction) => heartbeat({ trained: fraction }),
    },
  );
  return { scorer: linearScorer(artifact), prior: artifact.prior, trained: rows.length };
}

async function treesOn(
  database: Database,
  past: Dataset,
  { training }: ModelDefinition,
  { retrainId, fitTrees }: OutOfTimeInput,
) {
  const { frame } = await readDataset(database, past, { rows: trainingRows });
  const rows = Uint32Array.from({ length: frame.rows }, (_, row) => row);
  const options = treeOptions(training.trees, training, countClasses(frame, rows));
  const request = `${retrainId}/out-of-time`;
  const outcome = await fitTrees({
    request,
    datasetId: past.id,
    datasetRows: past.rows,
    rows: null,
    options,
  });
  const artifact = treeArtifact(outcome, options);
  const scorer = await openScorer(await scorerSourceOf(database, artifact));
  return { scorer, prior: artifact.prior, trained: frame.rows };
}
