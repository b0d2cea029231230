// Measurements of a report's window: quality, drift and realised performance.
import { checkContracts } from '../domain/features/contracts.ts';
import { criticalFeatures } from '../domain/features/define-model.ts';
import { decodeReference } from '../domain/drift/profile-codec.ts';
import { judgeWindow } from '../domain/drift/verdict.ts';
import { profileWindow } from '../domain/drift/window-profile.ts';
import { measurePerformance } from '../domain/learning/performance.ts';
import { evaluationRows } from '../domain/learning/rows.ts';
import { scoreRows } from '../domain/learning/score.ts';
import {
  driftInWords,
  type DriftPart,
  performanceInWords,
  type PerformancePart,
  qualityInWords,
  unmeasured,
} from '../domain/lifecycle/report.ts';
import { getDataset } from '../store/datasets/dataset.ts';
import { readDataset } from '../store/datasets/read.ts';
import { readRowsFor } from '../store/datasets/rows-for-version.ts';
import { getDefinition } from '../store/definitions/definitions.ts';
import { getReport, writeReportPart } from '../store/runs/reports.ts';
import { getVersion, readArtifact, readReference } from '../store/versions/versions.ts';
import { type ActivityDeps } from './deps.ts';

/** A report by its number. */
export interface ReportRef {
  readonly reportId: number;
}

/** One line for the run's details. */
export interface InWords {
  readonly words: string;
}

const NO_CHAMPION = 'no version is in Production yet';

/** The steps that fill a report. */
export const measureActivities = ({ database }: ActivityDeps) => ({
  /** Checks the window's values against what the definition declares. */
  async checkQuality({ reportId }: ReportRef): Promise<InWords> {
    const report = await getReport(database, reportId);
    const { definition } = await getDefinition(database, report.model, report.definitionVersion);
    const { frame } = await readDataset(database, await getDataset(database, report.datasetId));
    const quality = { contracts: checkContracts(definition, frame) };
    await writeReportPart(database, reportId, 'quality', quality);
    return { words: `quality: ${qualityInWords(quality)}` };
  },

  /** Measures each feature of the window against the champion's reference. */
  async measureDrift({ reportId }: ReportRef): Promise<InWords> {
    const report = await getReport(database, reportId);
    const part =
      report.championVersion === null ? unmeasured(NO_CHAMPION) : await drift(report.championVersion);
    await writeReportPart(database, reportId, 'drift', part);
    return { words: driftInWords(part) };

    async function drift(championVersion: number): Promise<DriftPart> {
      const { model, datasetId, definitionVersion } = report;
      const champion = await getVersion(database, model, championVersion);
      const { definition } = await getDefinition(database, model, definitionVersion);
      const reference = decodeReference(await readReference(database, model, championVersion));
      const dataset = await getDataset(database, datasetId);
      const { frame } = await readRowsFor(database, dataset, champion.definitionVersion);
      const policy = { ...definition.drift, critical: criticalFeatures(definition) };
      const verdict = judgeWindow(reference, profileWindow(reference, frame), policy);
      return { measured: true, championVersion, verdict };
    }
  },

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
