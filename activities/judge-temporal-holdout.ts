// The temporal holdout: trains by the candidate's recipe on what was known at a cutoff time, and tests on the holdout
// rows after that time.
import { type ErrorCode, TidegateError } from '../domain/errors.ts';
import { type ModelDefinition } from '../domain/model/definition.ts';
import { before, durationOf } from '../domain/model/parts/duration.ts';
import { dayOf, windowEndingAt } from '../domain/model/window.ts';
import { type Tuning } from '../domain/learning/choose-recipe.ts';
import { countClasses, MIN_ROWS_OF_CLASS } from '../domain/learning/metrics/class-counts.ts';
import { compare } from '../domain/learning/compare/comparison.ts';
import { trainingRows } from '../domain/data/frame.ts';
import { linearScorer } from '../domain/learning/artifact/scorer.ts';
import { cutoffTime } from '../domain/learning/cutoff-time.ts';
import { TREES } from '../domain/learning/trees.ts';
import { dueAndFailed, notDue, type TemporalHoldout } from '../domain/decisions/temporal-holdout.ts';
import { openScorer, scorerSourceOf } from '../scoring/scorer-source.ts';
import { type Database } from '../store/postgres/database.ts';
import { type Dataset, getDataset } from '../store/registry/dataset.ts';
import { freezeWindow } from '../store/datasets/freeze.ts';
import { readDataset } from '../store/datasets/read.ts';
import { getDefinition } from '../store/definitions/definitions.ts';
import { newestLabelledTime } from '../store/join/newest-labelled-time.ts';
import { forgetFoldFits } from '../store/registry/tree-fits.ts';
import { readTuning, type Version } from '../store/registry/versions.ts';
import { compute } from './compute/compute.ts';
import { computeControl, freezeControl } from './deps.ts';
import { trainingOptions } from './training-input.ts';
import { type FitTrees } from './fit-trees.ts';
import { trainTrees } from './train-trees.ts';
import { type Evaluation } from './evaluation.ts';

/** The candidate and champion to be judged, and the evaluation rows. */
export interface TemporalHoldoutInput {
  readonly retrainId: string;
  readonly candidate: Version;
  readonly champion: Version | null;
  readonly evaluation: Evaluation;
  /** Scores of the champion on the evaluation rows; called only if there is a champion and the judgement is due. */
  readonly championScores: () => Promise<Float64Array>;
  /** Fits trees, if the candidate consists of trees. */
  readonly fitTrees: FitTrees;
}

/**
 * Codes of errors that mean that too few labels were known before the cutoff; after such an error the judgement is not
 * due.
 */
const TOO_LITTLE_PAST: readonly ErrorCode[] = ['EMPTY_WINDOW', 'TOO_FEW_LABELS', 'ONE_CLASS'];

/**
 * Trains a model by the candidate's recipe and calibration on rows whose label was known by the cutoff, and compares it
 * with the champion on the holdout rows after it. Not due if the candidate was imported, all rows have the same time,
 * fewer than 50 clusters of a class come after the cutoff, or fewer than 50 training rows of a class had a known label
 * by the cutoff. A judgement that is due and fails with an error that is not retryable is recorded as failed. No
 * threshold is chosen, because none of the measures needs one.
 *
 * @throws errors that may succeed on a retry, and cancellations
 */
export async function evaluateTemporalHoldout(
  database: Database,
  input: TemporalHoldoutInput,
): Promise<TemporalHoldout> {
  if (input.candidate.unproven) return notDue('how the candidate was trained is not known: it was imported');
  const found = cutoffTime(input.evaluation.frame);
  if (found.cut === null) return notDue(found.reason);
  const cut = new Date(Number(found.cut / 1_000n));
  try {
    return await judgeAt(database, input, { ...found, cut });
  } catch (error) {
    if (!(error instanceof TidegateError)) throw error;
    if (TOO_LITTLE_PAST.includes(error.code)) {
      return notDue(
        `too little was known by ${dayOf(cut)}, and at least ${MIN_ROWS_OF_CLASS} training rows of each class are needed: ` +
          error.message,
      );
    }
    if (error.retryable) throw error;
    return dueAndFailed(error.code, error.message);
  }
}

/** The cutoff time and the evaluation rows after it; see `cutoffTime`. */
interface Cutoff {
  readonly cut: Date;
  readonly rowTimes: number;
  readonly rows: Uint32Array;
}

async function judgeAt(
  database: Database,
  input: TemporalHoldoutInput,
  { cut, rowTimes, rows }: Cutoff,
): Promise<TemporalHoldout> {
  const { frame } = input.evaluation;
  const { model, definitionVersion } = input.candidate;
  const { definition } = await getDefinition(database, model, definitionVersion);
  const tuning = await readTuning(database, model, input.candidate.version);
  const past = await freezePast(database, input, { definition, tuning, cut });
  const { scorer, prior, trained } =
    definition.training.trainer === TREES
      ? await treesOn(database, past, definition, input)
      : await trainOn(database, past, definition, tuning);
  const onAll = input.champion && (await input.championScores());
  const scored = {
    labels: rows.map((row) => frame.labels[row]!),
    clusters: rows.map((row) => frame.clusters[row]!),
    championScores: onAll
      ? Float64Array.from(rows, (row) => onAll[row]!)
      : // Without a model, every row would get the class prior.
        new Float64Array(rows.length).fill(prior),
    candidateScores: await scorer.scoreRows(frame, Uint32Array.from(rows)),
  };
  const result = compare(scored);
  const { seed } = definition.training;
  const measures = await compute('sideBySide', { ...scored, prior, seed }, computeControl());
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
    measures,
    championTrainedUntil: champion?.window.to.toISOString() ?? null,
  };
}

interface Past {
  readonly definition: ModelDefinition;
  readonly tuning: Tuning | null;
  readonly cut: Date;
}

/**
 * Freezes the training window as of the cutoff: with the labels that were known by that time. If the candidate was
 * trained only on the rows after a change, the window starts at the change here too.
 */
async function freezePast(
  database: Database,
  { retrainId, candidate }: TemporalHoldoutInput,
  { definition, tuning, cut }: Past,
): Promise<Dataset> {
  // If the label table does not record when a label became known, the label counts as known once the definition's label
  // delay has passed.
  const labelledUntil =
    definition.label.known === undefined ? before(cut, durationOf(definition.label.delay)) : cut;
  const newest = await newestLabelledTime(database, definition, labelledUntil, cut);
  if (!newest) throw new TidegateError('TOO_FEW_LABELS', 'no label was known by the cutoff time');
  const to = newest < labelledUntil ? newest : labelledUntil;
  const window = windowEndingAt(to, definition.training.window, definition.monitor);
  const change =
    tuning?.chosen.window === 'recent' && tuning.change !== null ? new Date(tuning.change) : null;
  if (change !== null && change >= to)
    throw new TidegateError(
      'TOO_FEW_LABELS',
      'at the cutoff time no label was known yet of the rows after the change',
    );
  return freezeWindow(database, {
    request: `${retrainId}/out-of-time`,
    definition,
    definitionVersion: candidate.definitionVersion,
    window: change !== null && change > window.from ? { from: change, to } : window,
    knownBy: cut,
    ...freezeControl(),
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
  countClasses(frame, rows);
  const { trainer, calibration } = training;
  const artifact = await compute(
    'fit',
    { frame, rows, trainer, calibration, options: trainingOptions(training, tuning?.chosen) },
    computeControl(),
  );
  return { scorer: linearScorer(artifact), prior: artifact.prior, trained: rows.length };
}

async function treesOn(
  database: Database,
  past: Dataset,
  { training }: ModelDefinition,
  { retrainId, fitTrees }: TemporalHoldoutInput,
) {
  const { frame } = await readDataset(database, past);
  const { threshold: _, ...withoutThreshold } = training;
  const { artifact } = await trainTrees(database, fitTrees, {
    request: retrainId,
    names: { trees: 'out-of-time', fold: 'out-of-time/fold' },
    dataset: past,
    frame,
    training: withoutThreshold,
    scoreReference: false,
  });
  await forgetFoldFits(database, `${retrainId}/out-of-time`);
  const scorer = await openScorer(await scorerSourceOf(database, artifact));
  return { scorer, prior: artifact.prior, trained: trainingRows(frame).length };
}
