// Quality of a report's window: its contracts, and what else looks like a fault of the data.
import { type FeatureReference } from '../domain/drift/feature-reference.ts';
import { checkFreshness } from '../domain/features/contracts/freshness.ts';
import { cut } from '../domain/features/contracts/tally.ts';
import { unmeasured } from '../domain/lifecycle/report.ts';
import { findFaults } from '../domain/quality/find-faults.ts';
import {
  contractName,
  type QualityPart,
  QUALITY_VERSION,
  qualityInWords,
  stoppingContracts,
} from '../domain/quality/quality-part.ts';
import { getDataset } from '../store/datasets/dataset.ts';
import { getDefinition } from '../store/definitions/definitions.ts';
import { inspectDataset } from '../store/quality/inspect-dataset.ts';
import { previousWindow } from '../store/quality/previous-window.ts';
import { tableFacts } from '../store/quality/table-facts.ts';
import { type Database } from '../store/database.ts';
import { getReport, writeReportPart } from '../store/runs/reports.ts';
import { getVersion, readReference } from '../store/versions/versions.ts';
import { referenceOf } from './count-window.ts';
import { type ActivityDeps } from './deps.ts';
import { matchInTime } from './match-in-time.ts';
import { type InWords, type ReportRef } from './report-ref.ts';

/** Of the line for people: the report holds all of it. */
const MOST_CHARACTERS = 3_000;

/** What the check found, and whether the loop stops here. */
export interface QualityChecked extends InWords {
  /** A contract of severity `fail` is broken: nothing is measured or retrained on this window. */
  readonly stops: boolean;
}

/** The step that checks quality. */
export const qualityActivities = ({ database }: ActivityDeps) => ({
  /** Checks the window's contracts and looks for faults. Where it stops the loop, the other parts say why they are missing. */
  async checkQuality({ reportId }: ReportRef): Promise<QualityChecked> {
    const report = await getReport(database, reportId);
    const { model, championVersion } = report;
    const [{ definition }, dataset, champion] = await Promise.all([
      getDefinition(database, model, report.definitionVersion),
      getDataset(database, report.datasetId),
      championVersion === null ? null : getVersion(database, model, championVersion),
    ]);
    const { contracts, sketch } = await inspectDataset(database, dataset, definition, matchInTime());
    const tables = await tableFacts(database, definition, dataset.window);
    const newestOf = new Map(tables.map(({ table, newest }) => [table, newest]));
    const reference = championVersion === null ? null : await readable(database, model, championVersion);
    const quality: QualityPart = {
      version: QUALITY_VERSION,
      contracts: [
        ...contracts,
        ...definition.features.flatMap(
          (view) => checkFreshness(view, newestOf.get(view.table) ?? null, dataset.window.to) ?? [],
        ),
      ],
      findings: findFaults({
        rows: sketch.rows,
        columns: sketch.columns,
        repeats: sketch.repeats,
        reference,
        definitionChanged: champion !== null && champion.definitionVersion !== report.definitionVersion,
        tables,
        previous: await previousWindow(database, report, dataset),
      }),
      comparedWith: reference && championVersion,
      repeats: sketch.repeats,
    };
    await writeReportPart(database, reportId, 'quality', quality);
    const stopping = stoppingContracts(quality);
    if (stopping.length > 0) {
      const why = unmeasured(
        `a contract that stops the loop is broken: ${stopping.map(contractName).join(', ')}`,
      );
      await writeReportPart(database, reportId, 'drift', why);
      await writeReportPart(database, reportId, 'performance', why);
    }
    return { words: cut(`quality: ${qualityInWords(quality)}`, MOST_CHARACTERS), stops: stopping.length > 0 };
  },
});

/** The champion's reference; null where it is of an older format, of which the part on drift tells. */
async function readable(
  database: Database,
  model: string,
  championVersion: number,
): Promise<FeatureReference | null> {
  const reference = referenceOf(await readReference(database, model, championVersion));
  return 'reason' in reference ? null : reference;
}
