// Checks the quality of a report's window: its contracts, and other likely faults in the data.
import { type FeatureReference } from '../domain/data/profile/feature-reference.ts';
import { shorten } from '../domain/quality/tally.ts';
import { describeFailedJudgement } from '../domain/judgements.ts';
import { unmeasured } from '../domain/decisions/report.ts';
import { judgeWindow } from '../domain/quality/judge-window.ts';
import {
  contractName,
  QUALITY_VERSION,
  qualityFailed,
  describeQuality,
  type QualityPart,
  stoppingContracts,
} from '../domain/quality/quality-part.ts';
import { getDataset } from '../store/registry/dataset.ts';
import { getDefinition } from '../store/definitions/definitions.ts';
import { inspectDataset } from '../store/profiles/inspect-dataset.ts';
import { previousWindow, tableFacts } from '../store/profiles/table-facts.ts';
import { findFuture } from '../store/profiles/future-rows.ts';
import { type Database } from '../store/postgres/database.ts';
import { getReport, type Report, writeReportPart } from '../store/registry/reports.ts';
import { getVersion, readReference } from '../store/registry/versions.ts';
import { referenceOf } from './count-window.ts';
import { type ActivityDeps, type Described, type ReportToJudge } from './deps.ts';
import { createContext, Script } from 'node:vm';
import { type MatchTexts } from '../domain/model/parts/contract.ts';
import { wholeValue } from '../domain/model/parts/regex.ts';

/** Maximum length of the summary line; the report contains everything. */
const MAX_CHARACTERS = 3_000;

/** A summary of the findings, and whether the loop stops here. */
export interface QualityChecked extends Described {
  /** True if a contract of severity `fail` is broken: nothing is measured or retrained on this window. */
  readonly stops: boolean;
}

/** The step that checks quality. */
export const qualityActivities = ({ database }: ActivityDeps) => ({
  /**
   * Checks the window's contracts and looks for faults. If the result stops the loop, the other parts of the report
   * record why they are missing.
   */
  async checkQuality({ reportId, failed }: ReportToJudge): Promise<QualityChecked> {
    const quality = failed
      ? qualityFailed(failed)
      : await qualityOf(database, await getReport(database, reportId));
    await writeReportPart(database, reportId, 'quality', quality);
    const stop = stopsBecause(quality);
    if (stop !== null) {
      await writeReportPart(database, reportId, 'drift', unmeasured(stop));
      await writeReportPart(database, reportId, 'performance', unmeasured(stop));
    }
    return { words: shorten(`quality: ${describeQuality(quality)}`, MAX_CHARACTERS), stops: stop !== null };
  },
});

/**
 * Returns why nothing is measured on the window; null if it is measured. Rows that could not be checked may be as wrong
 * as rows that failed.
 */
function stopsBecause(quality: QualityPart): string | null {
  if (quality.failed) return describeFailedJudgement('quality', quality.failed);
  const stopping = stoppingContracts(quality);
  return stopping.length === 0
    ? null
    : `a contract that stops the loop is broken: ${stopping.map(contractName).join(', ')}`;
}

async function qualityOf(database: Database, report: Report): Promise<QualityPart> {
  const { model, championVersion } = report;
  const [{ definition }, dataset, champion] = await Promise.all([
    getDefinition(database, model, report.definitionVersion),
    getDataset(database, report.datasetId),
    championVersion === null ? null : getVersion(database, model, championVersion),
  ]);
  const pass = await inspectDataset(database, dataset, definition, matchInTime());
  const tables = await tableFacts(database, definition, dataset.window);
  const future = await findFuture(database, definition);
  const reference = championVersion === null ? null : await readable(database, model, championVersion);
  return {
    version: QUALITY_VERSION,
    ...judgeWindow({
      definition,
      end: dataset.window.to,
      pass,
      tables,
      future,
      reference,
      definitionChanged: champion !== null && champion.definitionVersion !== report.definitionVersion,
      previous: await previousWindow(database, report, dataset),
    }),
    comparedWith: reference && championVersion,
    repeats: pass.repeats,
  };
}

/**
 * Returns the champion's reference; null if it has an older format. The step that measures drift reports such a format.
 */
async function readable(
  database: Database,
  model: string,
  championVersion: number,
): Promise<FeatureReference | null> {
  const reference = referenceOf(await readReference(database, model, championVersion));
  return 'reason' in reference ? null : reference;
}

/** Time for all patterns of a window together; the worker's main thread is blocked meanwhile. */
const BUDGET_MS = 1_000;

const script = new Script(
  '{ const whole = new RegExp(pattern, "u"); values.map((value) => whole.test(value)); }',
);

/**
 * Returns a matcher whose patterns share a time budget. V8 enforces the timeout even within a match, so that endless
 * backtracking is stopped too. Once the budget is used up, further patterns are not tried.
 *
 * @example new WindowPass(definition, columns, matchInTime())
 */
export function matchInTime(budgetMs = BUDGET_MS): MatchTexts {
  let left = budgetMs;
  return (pattern, values) => {
    if (left < 1) return 'takes too long';
    const began = performance.now();
    try {
      const context = createContext({ pattern: wholeValue(pattern), values });
      return script.runInContext(context, { timeout: Math.ceil(left) }) as boolean[];
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return 'takes too long';
      throw error;
    } finally {
      left -= performance.now() - began;
    }
  };
}
