// Drift of a report's window: each feature against the champion's reference.
import { criticalFeatures } from '../domain/features/define-model.ts';
import { decodeReference } from '../domain/drift/profile-codec.ts';
import { judgeWindow } from '../domain/drift/verdict.ts';
import { profileWindow } from '../domain/drift/window-profile.ts';
import { driftInWords, type DriftPart, unmeasured } from '../domain/lifecycle/report.ts';
import { getDataset } from '../store/datasets/dataset.ts';
import { readRowsFor } from '../store/datasets/rows-for-version.ts';
import { getDefinition } from '../store/definitions/definitions.ts';
import { getReport, writeReportPart } from '../store/runs/reports.ts';
import { getVersion, readReference } from '../store/versions/versions.ts';
import { type ActivityDeps } from './deps.ts';
import { type InWords, NO_CHAMPION, type ReportRef } from './report-ref.ts';

/** The step that measures drift. */
export const driftActivities = ({ database }: ActivityDeps) => ({
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
});
