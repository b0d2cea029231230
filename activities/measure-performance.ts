// Realised performance of the champion on a report's window.
import { measurePerformance } from '../domain/learning/performance.ts';
import { evaluationRows } from '../domain/learning/rows.ts';
import { scoreRows } from '../domain/learning/score.ts';
import { performanceInWords, type PerformancePart, unmeasured } from '../domain/lifecycle/report.ts';
import { getDataset } from '../store/datasets/dataset.ts';
import { readRowsFor } from '../store/datasets/rows-for-version.ts';
import { getReport, writeReportPart } from '../store/runs/reports.ts';
import { getVersion, readArtifact } from '../store/versions/versions.ts';
import { type ActivityDeps } from './deps.ts';
import { type InWords, NO_CHAMPION, type ReportRef } from './report-ref.ts';

/** The step that measures performance. */
export const performanceActivities = ({ database }: ActivityDeps) => ({
  /** Measures the champion on the window's holdout rows whose labels are mature. */
  async measurePerformance({ reportId }: ReportRef): Promise<InWords> {
    const report = await getReport(database, reportId);
    const part =
      report.championVersion === null ? unmeasured(NO_CHAMPION) : await realised(report.championVersion);
    await writeReportPart(database, reportId, 'performance', part);
    return { words: performanceInWords(part) };

    async function realised(championVersion: number): Promise<PerformancePart> {
      const champion = await getVersion(database, report.model, championVersion);
      const artifact = await readArtifact(database, report.model, championVersion);
      const dataset = await getDataset(database, report.datasetId);
      const { frame } = await readRowsFor(database, dataset, champion.definitionVersion);
      const rows = evaluationRows(frame);
      if (rows.length === 0) return unmeasured('no holdout row of the window has a mature label');
      const scores = scoreRows(artifact, frame, rows);
      return { measured: true, championVersion, realised: measurePerformance(frame, rows, scores) };
    }
  },
});
