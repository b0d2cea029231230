// Comparison: champion and candidate on the same holdout rows of the evaluation window.
import { heartbeat } from '@temporalio/activity';
import { clusterReader } from '../domain/features/define-model.ts';
import { type Frame } from '../domain/features/frame.ts';
import { windowEndingAt } from '../domain/features/window.ts';
import { compare } from '../domain/learning/comparison.ts';
import { evaluationRows, trainingRows } from '../domain/learning/rows.ts';
import { scoreRows } from '../domain/learning/score.ts';
import { compareSlices } from '../domain/learning/slices.ts';
import { type ComparisonBody, comparisonInWords } from '../domain/lifecycle/comparison-body.ts';
import { digestOfScores } from '../domain/lifecycle/validation.ts';
import { TidegateError } from '../domain/errors.ts';
import { type Database } from '../store/database.ts';
import { type Dataset, getDataset } from '../store/datasets/dataset.ts';
import { freezeWindow } from '../store/datasets/freeze.ts';
import { type FrozenRows, readDataset } from '../store/datasets/read.ts';
import { readRowsFor } from '../store/datasets/rows-for-version.ts';
import { getDefinition } from '../store/definitions/definitions.ts';
import { newestLabelledTime } from '../store/features/newest-labelled-time.ts';
import { writeComparison } from '../store/runs/comparisons.ts';
import { getReport } from '../store/runs/reports.ts';
import { candidateOf, getRetrain, type Retrain } from '../store/runs/retrains.ts';
import { findVersionIn, getVersion, readArtifact, type Version } from '../store/versions/versions.ts';
import { type ActivityDeps } from './deps.ts';

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

    const candidateRows = await readRowsFor(database, dataset, candidate.definitionVersion);
    const rows = evaluationRows(candidateRows.frame);
    if (rows.length === 0) {
      throw new TidegateError('TOO_FEW_LABELS', 'no holdout row of the evaluation window has a mature label');
    }
    const candidateScores = await score(database, candidate, candidateRows.frame, rows);
    const championScores = champion
      ? await scoreChampion(database, champion, dataset, candidateRows, rows)
      : await priorScores(database, candidate, rows);
    const comparison = compare({
      labels: Uint8Array.from(rows, (row) => candidateRows.frame.labels[row] ?? 0),
      clusters: rows.map((row) => candidateRows.frame.clusters[row] ?? 0),
      championScores,
      candidateScores,
    });
    const body: ComparisonBody = {
      ...comparison,
      window: { from: dataset.window.from.toISOString(), to: dataset.window.to.toISOString() },
      datasetDigest: dataset.digest,
      candidateScoresDigest: digestOfScores(candidateScores),
      slices: compareSlices({ frame: candidateRows.frame, rows, championScores, candidateScores }),
      leakedClusters: await countLeaked(
        database,
        candidateRows,
        rows,
        champion ? [candidate, champion] : [candidate],
      ),
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
    onProgress: heartbeat,
  });
}

async function score(
  database: Database,
  version: Version,
  frame: Frame,
  rows: Uint32Array,
): Promise<Float64Array> {
  return scoreRows(await readArtifact(database, version.model, version.version), frame, rows);
}

/** The champion reads the same entities and times through its own definition. */
async function scoreChampion(
  database: Database,
  champion: Version,
  dataset: Dataset,
  candidateRows: FrozenRows,
  rows: Uint32Array,
): Promise<Float64Array> {
  const own = await readRowsFor(database, dataset, champion.definitionVersion);
  const sameRows =
    own.frame.rows === candidateRows.frame.rows &&
    rows.every(
      (row) =>
        own.keys[row] === candidateRows.keys[row] && own.frame.times[row] === candidateRows.frame.times[row],
    );
  if (!sameRows) {
    throw new TidegateError(
      'DATASET_CHANGED',
      'the rows of the evaluation window changed while it was being compared',
    );
  }
  return score(database, champion, own.frame, rows);
}

/** The class prior of the training rows: what "no model" would answer to everybody. */
async function priorScores(database: Database, candidate: Version, rows: Uint32Array): Promise<Float64Array> {
  const { prior } = await readArtifact(database, candidate.model, candidate.version);
  return new Float64Array(rows.length).fill(prior);
}

/** How many evaluation clusters are among the training clusters of any of the versions. */
async function countLeaked(
  database: Database,
  evaluation: FrozenRows,
  rows: Uint32Array,
  versions: readonly Version[],
): Promise<number> {
  const clustersOf = async (
    frozen: FrozenRows,
    chosen: Uint32Array,
    version: Version,
  ): Promise<Set<string>> => {
    const { definition } = await getDefinition(database, version.model, version.definitionVersion);
    const clusterOf = clusterReader(definition);
    return new Set(Array.from(chosen, (row) => clusterOf(frozen.keys[row] ?? '')));
  };
  const leaked = new Set<string>();
  for (const version of versions) {
    const training = await readDataset(database, await getDataset(database, version.datasetId));
    const trained = await clustersOf(training, trainingRows(training.frame), version);
    for (const cluster of await clustersOf(evaluation, rows, version)) {
      if (trained.has(cluster)) leaked.add(cluster);
    }
  }
  return leaked.size;
}
