// Comparison: champion and candidate on the same holdout rows of the evaluation window.
import { type Frame } from '../domain/features/frame.ts';
import { windowEndingAt } from '../domain/features/window.ts';
import { compare } from '../domain/learning/comparison.ts';
import { evaluationRows } from '../domain/learning/rows.ts';
import { scoreRows } from '../domain/learning/score.ts';
import { compareSlices } from '../domain/learning/slices.ts';
import { type ComparisonBody, comparisonInWords } from '../domain/lifecycle/comparison-body.ts';
import { digestOfScores } from '../domain/lifecycle/validation.ts';
import { TidegateError } from '../domain/errors.ts';
import { type Database } from '../store/database.ts';
import { type Dataset, getDataset } from '../store/datasets/dataset.ts';
import { freezeWindow } from '../store/datasets/freeze.ts';
import { type Keys, readKeys } from '../store/datasets/keys.ts';
import { readDataset } from '../store/datasets/read.ts';
import { datasetFor } from '../store/datasets/rows-for-version.ts';
import { ClusterSet, markTrained } from '../store/datasets/trained-clusters.ts';
import { getDefinition } from '../store/definitions/definitions.ts';
import { newestLabelledTime } from '../store/features/newest-labelled-time.ts';
import { writeComparison } from '../store/runs/comparisons.ts';
import { getReport } from '../store/runs/reports.ts';
import { candidateOf, getRetrain, type Retrain } from '../store/runs/retrains.ts';
import { findVersionIn, getVersion, readArtifact, type Version } from '../store/versions/versions.ts';
import { type ActivityDeps } from './deps.ts';
import { followed } from './followed.ts';

/** The step that compares a candidate. */
export const compareActivities = ({ database }: ActivityDeps) => ({
  /** Compares the candidate of a retrain with the champion, or with the class prior where there is none. */
  async compareWithChampion({ retrainId }: { retrainId: string }): Promise<{ words: string }> {
    const retrain = await getRetrain(database, retrainId);
    const { model } = retrain;
    const candidateVersion = candidateOf(retrain);
    const candidate = await getVersion(database, model, candidateVersion);
    const champion = (await findVersionIn(database, model, 'Production')) ?? null;
    const dataset = await evaluationDataset(database, retrain, candidate.definitionVersion);

    const own = await datasetFor(database, dataset, candidate.definitionVersion, followed());
    const evaluation = await readEvaluation(database, own);
    const { frame, rows } = evaluation;
    if (rows.length === 0) {
      throw new TidegateError('TOO_FEW_LABELS', 'no holdout row of the evaluation window has a mature label');
    }
    const candidateScores = await score(database, candidate, frame);
    const championScores = champion
      ? await scoreChampion(database, champion, dataset, evaluation)
      : await priorScores(database, candidate, frame.rows);
    const comparison = compare({
      labels: frame.labels,
      clusters: frame.clusters,
      championScores,
      candidateScores,
    });
    const body: ComparisonBody = {
      ...comparison,
      window: { from: dataset.window.from.toISOString(), to: dataset.window.to.toISOString() },
      datasetDigest: dataset.digest,
      candidateScoresDigest: digestOfScores(candidateScores),
      slices: compareSlices({ frame, rows: everyRow(frame), championScores, candidateScores }),
      leakedClusters: await countLeaked(database, evaluation, champion ? [candidate, champion] : [candidate]),
    };
    await writeComparison(database, {
      model,
      candidateVersion,
      championVersion: champion?.version ?? null,
      datasetId: dataset.id,
      body,
    });
    return { words: comparisonInWords(body, candidateVersion, champion?.version ?? null) };
  },
});

/** The evaluation window: that of the report which caused the retrain, else the monitor window at the instant asked for. */
async function evaluationDataset(
  database: Database,
  retrain: Retrain,
  definitionVersion: number,
): Promise<Dataset> {
  if (retrain.reportId !== null) {
    return getDataset(database, (await getReport(database, retrain.reportId)).datasetId);
  }
  const { definition } = await getDefinition(database, retrain.model, definitionVersion);
  const asOf = retrain.asOf ?? (await newestLabelledTime(database, definition, null));
  if (!asOf) throw new TidegateError('TOO_FEW_LABELS', `no row of ${definition.rows.table} has a label yet`);
  return freezeWindow(database, {
    request: `${retrain.id}/evaluation`,
    definition,
    definitionVersion,
    window: windowEndingAt(asOf, definition.monitor.window),
    ...followed(),
  });
}

/** The rows that versions are compared on, with their numbers in the dataset and the keys of all its rows. */
interface Evaluation {
  readonly dataset: Dataset;
  readonly frame: Frame;
  readonly rows: Uint32Array;
  readonly keys: Keys;
}

async function readEvaluation(database: Database, dataset: Dataset): Promise<Evaluation> {
  const { frame, numbers } = await readDataset(database, dataset, { rows: evaluationRows });
  return { dataset, frame, rows: numbers ?? everyRow(frame), keys: await readKeys(database, dataset) };
}

const everyRow = ({ rows }: Frame): Uint32Array => Uint32Array.from({ length: rows }, (_, row) => row);

const score = async (database: Database, version: Version, frame: Frame): Promise<Float64Array> =>
  scoreRows(await readArtifact(database, version.model, version.version), frame, everyRow(frame));

/** The champion reads the same entities and times through its own definition. */
async function scoreChampion(
  database: Database,
  champion: Version,
  dataset: Dataset,
  evaluation: Evaluation,
): Promise<Float64Array> {
  const own = await datasetFor(database, dataset, champion.definitionVersion, followed());
  if (own.id === evaluation.dataset.id) return score(database, champion, evaluation.frame);
  const isSame = own.rows === evaluation.dataset.rows && (await haveSameKeys(database, own, evaluation));
  const { rows } = evaluation;
  const frame = isSame ? (await readDataset(database, own, { rows })).frame : undefined;
  if (!frame?.times.every((time, row) => time === evaluation.frame.times[row])) {
    throw new TidegateError(
      'DATASET_CHANGED',
      'the rows of the evaluation window changed while it was being compared',
    );
  }
  return score(database, champion, frame);
}

async function haveSameKeys(database: Database, own: Dataset, { rows, keys }: Evaluation): Promise<boolean> {
  const ownKeys = await readKeys(database, own);
  return rows.every((row) => ownKeys.bytesAt(row).equals(keys.bytesAt(row)));
}

/** The class prior of the training rows: what "no model" would answer to everybody. */
async function priorScores(database: Database, candidate: Version, rows: number): Promise<Float64Array> {
  const { prior } = await readArtifact(database, candidate.model, candidate.version);
  return new Float64Array(rows).fill(prior);
}

/** How many evaluation clusters are among the training clusters of any of the versions. */
async function countLeaked(
  database: Database,
  { rows, keys }: Evaluation,
  versions: readonly Version[],
): Promise<number> {
  const [candidate] = versions;
  if (!candidate) return 0;
  // Which keys make a cluster is fixed for a model.
  const { definition } = await getDefinition(database, candidate.model, candidate.definitionVersion);
  const clusters = new ClusterSet(definition);
  clusters.add(keys, rows);
  const trained = new Uint8Array(clusters.size);
  for (const datasetId of new Set(versions.map((version) => version.datasetId))) {
    await markTrained(database, await getDataset(database, datasetId), clusters, trained);
  }
  return trained.reduce((sum, mark) => sum + mark, 0);
}
