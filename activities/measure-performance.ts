// Measures the champion on a report's window: realised on rows with a label, estimated on those without.
import { before, durationOf } from '../domain/model/parts/duration.ts';
import { NO_LABEL } from '../domain/data/frame.ts';
import { type LabelledScores } from '../domain/learning/metrics/calibration-intervals.ts';
import { DEFAULT_THRESHOLD } from '../domain/learning/artifact/operating-threshold.ts';
import {
  notMade,
  describePerformance,
  type PerformancePart,
  unmeasured,
} from '../domain/decisions/report.ts';
import {
  type EstimatedPerformance,
  estimatePerformance,
  type NotEstimated,
} from '../domain/performance/estimate-performance.ts';
import { decodeScores } from '../domain/performance/score-reference.ts';
import { loadScorer } from '../scoring/scorer-source.ts';
import { getDataset } from '../store/registry/dataset.ts';
import { datasetFor } from '../store/datasets/rows-for-version.ts';
import { type ScoredHoldout, scoreHoldout } from '../store/datasets/holdout-scorer.ts';
import { getDefinition } from '../store/definitions/definitions.ts';
import { getReport, writeReportPart } from '../store/registry/reports.ts';
import { getVersion, readScoreReference, type Version } from '../store/registry/versions.ts';
import { compute } from './compute/compute.ts';
import {
  type ActivityDeps,
  computeControl,
  freezeControl,
  type Described,
  NO_CHAMPION,
  type ReportToJudge,
} from './deps.ts';

/** The step that measures performance. */
export const performanceActivities = ({ database }: ActivityDeps) => ({
  /** Measures the champion on the window's holdout rows. */
  async measurePerformance({ reportId, failed }: ReportToJudge): Promise<Described> {
    const report = await getReport(database, reportId);
    const part = failed
      ? notMade('performance', failed)
      : report.championVersion === null
        ? unmeasured(NO_CHAMPION)
        : await measured(report.championVersion);
    await writeReportPart(database, reportId, 'performance', part);
    return { words: describePerformance(part) };

    async function measured(championVersion: number): Promise<PerformancePart> {
      const { model, datasetId, definitionVersion } = report;
      const [champion, scorer, { definition }, frozen] = await Promise.all([
        getVersion(database, model, championVersion),
        loadScorer(database, model, championVersion),
        getDefinition(database, model, definitionVersion),
        getDataset(database, datasetId),
      ]);
      const dataset = await datasetFor(database, frozen, champion.definitionVersion, freezeControl());
      const { seed } = definition.training;
      const held = await scoreHoldout(
        database,
        dataset,
        scorer,
        before(dataset.asKnownAt, durationOf(definition.label.delay)),
      );
      const labelled = rowsWhere(held, (label) => label !== NO_LABEL);
      const unlabelled = rowsWhere(held, (label) => label === NO_LABEL);
      const realised =
        labelled.labels.length > 0
          ? await compute('measurePerformance', { rows: labelled, seed }, computeControl())
          : null;
      const estimated = await estimate(champion, unlabelled.scores, seed);
      if (realised === null && !estimated.measured) {
        return unmeasured(`no holdout row of the window has a mature label, and ${estimated.reason}`);
      }
      return { measured: true, championVersion, realised, estimated, labels: held.counts };
    }

    async function estimate(
      { version: championVersion, cut }: Version,
      scores: Float64Array,
      seed: number,
    ): Promise<EstimatedPerformance | NotEstimated> {
      if (scores.length === 0) return unmeasured('every holdout row has its label');
      const encoded = await readScoreReference(database, report.model, championVersion);
      if (encoded === null) return unmeasured(`version ${championVersion} has no score reference`);
      return estimatePerformance(decodeScores(encoded), scores, seed, cut ?? DEFAULT_THRESHOLD);
    }
  },
});

function rowsWhere(
  { scores, labels, clusters }: ScoredHoldout,
  isWanted: (label: number) => boolean,
): LabelledScores {
  return {
    scores: scores.filter((_, row) => isWanted(labels[row]!)),
    labels: labels.filter(isWanted),
    clusters: clusters.filter((_, row) => isWanted(labels[row]!)),
  };
}
