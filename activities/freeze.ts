// Freezes the window of a report, and the window that a candidate is trained on.
import { type Client, ScheduleNotFoundError } from '@temporalio/client';
import { describeBackfilled, describeLabels } from '../domain/data/label-states.ts';
import { dayOf, type Window, windowEndingAt } from '../domain/model/window.ts';
import { type Dataset, getDataset } from '../store/registry/dataset.ts';
import { expireDatasets } from '../store/datasets/dataset-uses.ts';
import * as datasets from '../store/datasets/freeze.ts';
import { datasetFor } from '../store/datasets/rows-for-version.ts';
import { getDefinition } from '../store/definitions/definitions.ts';
import { PART_ROWS, partsOf } from '../store/profiles/profile-parts.ts';
import { newestLabelledTime } from '../store/join/newest-labelled-time.ts';
import { getReport, openReport } from '../store/registry/reports.ts';
import { getRetrain, noteRetrain } from '../store/registry/retrains.ts';
import { findVersionIn } from '../store/registry/versions.ts';
import { TidegateError } from '../domain/errors.ts';
import { workflowIds } from '../workflows/protocol/messages.ts';
import { type ActivityDeps, currentRun, freezeControl, requireName, type RunRef } from './deps.ts';

/** A report that has been opened, and the size of its window. */
export interface OpenedReport {
  readonly reportId: number;
  readonly rows: number;
  readonly labelledRows: number;
  /** Describes the labels and backfilled history; absent in runs that started before it was recorded. */
  readonly words?: string;
  /**
   * Number of parts in which the window is profiled: 1 if the window is small or is not compared with a reference's
   * bins.
   */
  readonly parts: number;
  /** Who last applied the definition. */
  readonly appliedBy: string;
}

/** The window of a monitor run, and who started the run. */
interface WindowToFreeze {
  readonly model: string;
  /** End of the window, ISO 8601. */
  readonly asOf: string;
  readonly grantId?: string;
  /** The name that the run was started with. */
  readonly claimedBy?: string;
}

/**
 * Whether the model's schedule started a run. Asks Temporal, because a run that somebody started can carry any search
 * attribute. If the schedule is gone, nothing shows that it started the run.
 */
async function isOfSchedule(client: Client, model: string, { workflowId, runId }: RunRef): Promise<boolean> {
  const scheduleId = workflowIds.monitor(model);
  // Temporal adds the scheduled time to the id of a run of a schedule.
  if (!workflowId.startsWith(`${scheduleId}-`)) return false;
  try {
    const { info } = await client.schedule.getHandle(scheduleId).describe();
    const started = [...info.recentActions.map(({ action }) => action), ...info.runningActions];
    return started.some(
      ({ workflow }) => workflow.workflowId === workflowId && workflow.firstExecutionRunId === runId,
    );
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return false;
    throw error;
  }
}

function describeFrozen(dataset: Dataset): string {
  const { rows, holdoutRows, window } = dataset;
  return `froze ${rows} rows of (${dayOf(window.from)}, ${dayOf(window.to)}], ${describeRows(dataset)}, ${holdoutRows} held out`;
}

/** Describes the labels and backfilled history. */
const describeRows = (dataset: Dataset): string =>
  [describeLabels(dataset), describeBackfilled(dataset.backfilled)]
    .filter((words) => words !== '')
    .join('; ');

/** Rows frozen longer ago than this are frozen again, because labels may have arrived or been corrected since. */
const MAX_REUSED_AGE_MS = 60 * 60_000;

/** Whether a dataset can be reused, because freezing this window with this definition would now find the same rows. */
const isStillTrue = (dataset: Dataset, window: Window, definitionVersion: number): boolean =>
  dataset.expiredAt === null &&
  dataset.definitionVersion === definitionVersion &&
  dataset.window.from.getTime() === window.from.getTime() &&
  dataset.window.to.getTime() === window.to.getTime() &&
  Date.now() - dataset.createdAt.getTime() < MAX_REUSED_AGE_MS;

/** The steps that freeze windows. */
export const freezeActivities = ({ database, client, partRows = PART_ROWS }: ActivityDeps) => ({
  /**
   * Deletes expired dataset rows, freezes the monitor window that ends at `asOf` and opens its report, with the grant of the
   * person who started the run.
   *
   * @throws UNKNOWN_GRANT, GRANT_MISMATCH, GRANT_USED, GRANT_EXPIRED
   */
  async freezeWindow({ model, asOf, grantId, claimedBy }: WindowToFreeze): Promise<OpenedReport> {
    if (claimedBy !== undefined) requireName('requestedBy', claimedBy);
    const run = currentRun();
    const request = `${run.workflowId}/${run.runId}/report`;
    const source = await getDefinition(database, model);
    await expireDatasets(database, {
      model,
      retention: source.definition.retention.datasets,
      now: new Date(),
    });
    const dataset = await datasets.freezeWindow(database, {
      request,
      definition: source.definition,
      definitionVersion: source.version,
      window: windowEndingAt(new Date(asOf), source.definition.monitor.window, source.definition.monitor),
      ...freezeControl(),
    });
    const champion = await findVersionIn(database, model, 'Production');
    const report = await openReport(database, {
      request,
      model,
      // Use the dataset's definition, not the newest: an earlier attempt may have frozen the window with a definition
      // that has been replaced since.
      definitionVersion: dataset.definitionVersion,
      championVersion: champion?.version ?? null,
      datasetId: dataset.id,
      asOf: new Date(asOf),
      grantId,
      claimedBy,
      isScheduled: grantId === undefined && (await isOfSchedule(client, model, run)),
      ...run,
    });
    // Evidently's tests need the rows themselves.
    const isCounted = champion !== undefined && source.definition.drift.preset !== 'evidently';
    const parts = isCounted ? partsOf(dataset, partRows) : 1;
    // Freeze the rows with the champion's definition once, here; otherwise the step for each part would have to do it
    // first.
    if (isCounted && parts > 1)
      await datasetFor(database, dataset, champion.definitionVersion, freezeControl());
    return {
      reportId: report.id,
      rows: dataset.rows,
      labelledRows: dataset.labelledRows,
      words: describeRows(dataset),
      parts,
      appliedBy: source.appliedBy,
    };
  },

  /**
   * Freezes the training window, which ends at the newest row with a known label. If a report has just frozen the same
   * window, uses the report's dataset.
   */
  async freezeTrainingWindow({ retrainId }: { retrainId: string }): Promise<{ words: string }> {
    const retrain = await getRetrain(database, retrainId);
    const source = await getDefinition(database, retrain.model);
    const report = retrain.reportId === null ? undefined : await getReport(database, retrain.reportId);
    const newest = await newestLabelledTime(database, source.definition, report?.asOf ?? retrain.asOf);
    if (!newest) {
      throw new TidegateError('TOO_FEW_LABELS', `no row of ${source.definition.rows.table} has a label yet`);
    }
    const window = windowEndingAt(newest, source.definition.training.window, source.definition.monitor);
    const reported = report && (await getDataset(database, report.datasetId));
    // A repeated call keeps to the dataset that the first one recorded.
    const isReused =
      retrain.datasetId === null
        ? reported && isStillTrue(reported, window, source.version)
        : reported?.id === retrain.datasetId;
    if (reported && isReused) {
      await noteRetrain(database, retrainId, { datasetId: reported.id });
      return {
        words: `trains on the window of the report: ${reported.rows} rows, ${describeRows(reported)}`,
      };
    }
    const dataset = await datasets.freezeWindow(database, {
      request: `${retrainId}/training`,
      definition: source.definition,
      definitionVersion: source.version,
      window,
      ...freezeControl(),
    });
    await noteRetrain(database, retrainId, { datasetId: dataset.id });
    return { words: describeFrozen(dataset) };
  },
});
