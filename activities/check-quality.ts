// Quality of a report's window: its values against what the definition declares.
import { checkContracts } from '../domain/features/contracts.ts';
import { qualityInWords } from '../domain/lifecycle/report.ts';
import { getDataset } from '../store/datasets/dataset.ts';
import { readDataset } from '../store/datasets/read.ts';
import { getDefinition } from '../store/definitions/definitions.ts';
import { getReport, writeReportPart } from '../store/runs/reports.ts';
import { type ActivityDeps } from './deps.ts';
import { type InWords, type ReportRef } from './report-ref.ts';

/** The step that checks quality. */
export const qualityActivities = ({ database }: ActivityDeps) => ({
  /** Checks the window's values against what the definition declares. */
  async checkQuality({ reportId }: ReportRef): Promise<InWords> {
    const report = await getReport(database, reportId);
    const { definition } = await getDefinition(database, report.model, report.definitionVersion);
    const { frame } = await readDataset(database, await getDataset(database, report.datasetId));
    const quality = { contracts: checkContracts(definition, frame) };
    await writeReportPart(database, reportId, 'quality', quality);
    return { words: `quality: ${qualityInWords(quality)}` };
  },
});
