// A report with everything that belongs to it, for its page and for files.
import { type Report } from './registry/reports.ts';
import { type Database } from './postgres/database.ts';
import { findComparison } from './registry/comparisons.ts';
import { getDataset } from './registry/dataset.ts';
import { findReportFigures, listEffects } from './registry/report-figures.ts';
import { findRetrainOfReport } from './registry/retrains.ts';

/** Columns of which earlier windows are read. */
const MAX_HISTORIES = 12;

/** Windows that are read for each of them. */
const WINDOWS = 12;

/** The effects of one column over the last windows, the oldest first. */
interface ColumnHistory {
  readonly column: string;
  readonly effects: readonly (number | null)[];
  readonly threshold: number;
}

/** What belongs to a report. */
export interface ReportRecord {
  readonly dataset: {
    readonly from: Date;
    readonly to: Date;
    readonly rows: number;
    readonly digest: string;
  };
  readonly promised: { readonly low: number; readonly high: number } | null;
  readonly importance: ReadonlyMap<string, number>;
  readonly history: readonly ColumnHistory[];
  readonly retrain: { readonly outcome: string | null; readonly version: number | null } | null;
}

/** Reads what belongs to a report. */
export async function reportRecord(database: Database, report: Report): Promise<ReportRecord> {
  const { model, championVersion } = report;
  const [dataset, figures, champion, retrain, history] = await Promise.all([
    getDataset(database, report.datasetId),
    findReportFigures(database, report.id),
    championVersion === null ? undefined : findComparison(database, model, championVersion),
    findRetrainOfReport(database, report.id),
    historyOf(database, report),
  ]);
  const { promisedLow = null, promisedHigh = null } = figures ?? {};
  const measured = champion?.body.importance ?? [];
  return {
    dataset: { ...dataset.window, rows: dataset.rows, digest: dataset.digest },
    promised: promisedLow !== null && promisedHigh !== null ? { low: promisedLow, high: promisedHigh } : null,
    importance: new Map(measured.map(({ feature, importance: loss }) => [feature, loss])),
    history,
    retrain: retrain ? { outcome: retrain.outcome, version: retrain.candidateVersion } : null,
  };
}

/** Effects of the columns that drifted; empty if there is no earlier window. */
async function historyOf(database: Database, { model, asOf, drift }: Report): Promise<ColumnHistory[]> {
  const columns = drift?.measured ? drift.verdict.driftedColumns.slice(0, MAX_HISTORIES) : [];
  if (columns.length === 0) return [];
  const found = await listEffects(database, { model, until: asOf, columns, windows: WINDOWS });
  const times = [...new Set(found.map((each) => each.asOf.getTime()))];
  if (times.length < 2) return [];
  return columns.map((column) => {
    const own = found.filter((each) => each.column === column);
    return {
      column,
      effects: times.map((time) => own.findLast((each) => each.asOf.getTime() === time)?.effect ?? null),
      threshold: own.at(-1)?.threshold ?? 0,
    };
  });
}
