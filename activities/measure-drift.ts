// Measures drift of a report's window: each feature against the champion's reference.
import { driftPolicyOf } from '../domain/drift/drift-policy.ts';
import { judgeWindow } from '../domain/drift/verdict.ts';
import { describeDrift, type DriftPart, notMade, unmeasured } from '../domain/decisions/report.ts';
import { openScorer, readScorerSource } from '../scoring/scorer-source.ts';
import { verifyChunkDigests } from '../store/datasets/chunk-digests.ts';
import { chunksOf, type Dataset, getDataset } from '../store/registry/dataset.ts';
import { datasetFor } from '../store/datasets/rows-for-version.ts';
import { getDefinition } from '../store/definitions/definitions.ts';
import { listProfileParts, mergeProfileParts, removeProfileParts } from '../store/profiles/profile-parts.ts';
import { withMoments } from '../store/profiles/reference-moments.ts';
import { getReportSubject, writeReportPart } from '../store/registry/reports.ts';
import { getVersion, readReference, type Version } from '../store/registry/versions.ts';
import { countWindow, referenceOf, scoreBins } from './count-window.ts';
import {
  type ActivityDeps,
  computeControl,
  freezeControl,
  type Described,
  NO_CHAMPION,
  type ReportToJudge,
} from './deps.ts';
import { judgeByEvidently } from '../domain/drift/evidently/judge-samples.ts';
import { pandasTypesOf } from '../domain/drift/evidently/sample.ts';
import { TidegateError } from '../domain/errors.ts';
import { type ModelDefinition } from '../domain/model/definition.ts';
import { type Database } from '../store/postgres/database.ts';
import { readDataset } from '../store/datasets/read.ts';
import { type FeatureReference } from '../domain/data/profile/feature-reference.ts';
import { type Hypothesis } from '../domain/drift/statistics/hypothesis.ts';
import { predictionChange } from '../domain/drift/prediction-change.ts';
import { labelChange } from '../domain/drift/statistics/share-change.ts';
import { type WindowProfile } from '../domain/data/profile/window-profile.ts';
import { type DomainClassification } from '../domain/drift/multivariate/domain-classifier.ts';
import { sampleDataset } from '../store/profiles/profile-dataset.ts';
import { compute } from './compute/compute.ts';

/** The step that measures drift. */
export const driftActivities = ({ database }: ActivityDeps) => ({
  /**
   * Measures each feature of the window against the champion's reference; if the parts of the window were already
   * profiled, adds up their counts.
   */
  async measureDrift({ reportId, failed }: ReportToJudge): Promise<Described> {
    const [report, parts] = await Promise.all([
      getReportSubject(database, reportId),
      listProfileParts(database, reportId),
    ]);
    const part = failed
      ? notMade('drift', failed)
      : report.championVersion === null
        ? unmeasured(NO_CHAMPION)
        : await drift(report.championVersion);
    await writeReportPart(database, reportId, 'drift', part);
    if (parts.length > 0) await removeProfileParts(database, reportId);
    return { words: describeDrift(part) };

    async function drift(championVersion: number): Promise<DriftPart> {
      const { model, datasetId, definitionVersion } = report;
      const [champion, { definition }, source, encoded, scores, frozen] = await Promise.all([
        getVersion(database, model, championVersion),
        getDefinition(database, model, definitionVersion),
        readScorerSource(database, model, championVersion),
        readReference(database, model, championVersion),
        scoreBins(database, { model, version: championVersion }),
        getDataset(database, datasetId),
      ]);
      const dataset = await datasetFor(database, frozen, champion.definitionVersion, freezeControl());
      if (definition.drift.preset === 'evidently')
        return evidentlyDrift(database, { champion, dataset, definition });
      const decoded = referenceOf(encoded);
      if ('reason' in decoded) return decoded;
      const reference = await withMoments(database, decoded, champion.datasetId);
      const merged = await mergeProfileParts(database, reportId, parts, chunksOf(dataset));
      // Each part has verified only the digests of its own chunks.
      if (merged) await verifyChunkDigests(database, dataset);
      const { profile, scored } =
        merged ??
        (await countWindow(database, { dataset, scorer: await openScorer(source), reference, scores }));
      const policy = driftPolicyOf(definition, source.artifact);
      const { minRows } = definition.drift;
      const others = otherChanges({ reference, profile, scores, scored, minRows });
      const together = await tellApart(database, champion, dataset, definition);
      const verdict = judgeWindow(reference, profile, policy, others, together);
      return { measured: true, championVersion, verdict };
    }
  },
});

/** The two sides to be compared, and the definition with the policy. */
interface EvidentlyTask {
  readonly champion: Version;
  /** The window, frozen by the champion's definition. */
  readonly dataset: Dataset;
  readonly definition: ModelDefinition;
}

/**
 * Compares the window's rows with the rows that the champion was trained on. Not measured if retention has deleted the
 * rows of either, because these tests need values, and a frozen profile contains only counts.
 */
async function evidentlyDrift(
  database: Database,
  { champion, dataset, definition }: EvidentlyTask,
): Promise<DriftPart> {
  const trained = await getDataset(database, champion.datasetId);
  try {
    // Read the two one after the other, because each read needs memory for all rows.
    const reference = await readDataset(database, trained);
    const window = await readDataset(database, dataset);
    const types = pandasTypesOf(definition);
    const verdict = judgeByEvidently(
      { reference: reference.frame, window: window.frame, types },
      driftPolicyOf(definition),
    );
    return { measured: true, championVersion: champion.version, verdict };
  } catch (error) {
    if (error instanceof TidegateError && error.code === 'DATASET_EXPIRED')
      return unmeasured(`the preset 'evidently' needs rows, and ${error.message}`);
    throw error;
  }
}

/** The profiles of a window and its reference. */
interface MeasuredWindow {
  readonly reference: FeatureReference;
  readonly profile: WindowProfile;
  /**
   * The champion's score reference, and the window's holdout scores in its bins; null if there is no score reference.
   */
  readonly scores: FeatureReference | null;
  readonly scored: WindowProfile | null;
  readonly minRows: number;
}

/**
 * Returns the hypotheses that are tested together with those of the features: label drift, and prediction drift on
 * holdout rows if the champion has a score reference.
 *
 * @example judgeWindow(reference, profile, policy, otherChanges(window))
 */
function otherChanges({ reference, profile, scores, scored, minRows }: MeasuredWindow): Hypothesis[] {
  const labels = labelChange(reference, profile, minRows);
  return scores && scored ? [labels, ...predictionChange(scores, scored, minRows)] : [labels];
}

/**
 * Trains a domain classifier on samples of the reference and of the window; null if the definition turns it off. Not
 * measurable if retention has deleted the rows of either.
 */
async function tellApart(
  database: Database,
  champion: Version,
  dataset: Dataset,
  { drift }: ModelDefinition,
): Promise<DomainClassification | null> {
  if (!drift.multivariate) return null;
  try {
    const reference = await sampleDataset(
      database,
      await getDataset(database, champion.datasetId),
      drift.multivariate,
    );
    const window = await sampleDataset(database, dataset, drift.multivariate);
    const { seed } = drift.multivariate;
    return await compute('tellApart', { reference, window, seed }, computeControl());
  } catch (error) {
    if (!(error instanceof TidegateError) || error.code !== 'DATASET_EXPIRED') throw error;
    const nothing = { auc: null, columns: [], leftOut: [], referenceRows: 0, windowRows: 0, terms: 0 };
    const reason = `the rows are needed, and ${error.message}`;
    return { ...nothing, reason, failed: { code: error.code, reason } };
  }
}
