// monitor/<model>: measures one window and decides whether to retrain. Takes minutes and never waits for a person.
import { log, setHandler, workflowInfo } from '@temporalio/workflow';
import {
  checkQuality,
  decideRetrain,
  freezeWindow,
  measureDrift,
  measurePerformance,
  partActivities,
  startMonitor,
  startRetrain,
} from './activities.ts';
import {
  type MonitorInput,
  type MonitorResult,
  type MonitorState,
  monitorStateQuery,
} from './protocol/messages.ts';
import { type OpenedReport } from '../activities/freeze.ts';
import { describeFailure, Notifications, recordingFailure, RunDetails, tag } from './run-details.ts';
import { scheduledInstant } from './scheduled-instant.ts';

/** Freezes the window that ends at the as-of instant, measures it, and requests a retrain if a rule says so. */
export async function monitorWorkflow(input: MonitorInput): Promise<MonitorResult> {
  let state: MonitorState = { model: input.model, step: 'freezing the window', reportId: null };
  setHandler(monitorStateQuery, () => state, {
    description: 'The current step, and the report that it writes to',
  });
  const enter = (step: string): void => void (state = { ...state, step });
  const notifications = new Notifications();
  const asOf = input.asOf ?? scheduledInstant().toISOString();
  const details = new RunDetails(`Monitor ${input.model} as of ${asOf}`);

  try {
    const { model, grantId, requestedBy: claimedBy } = input;
    const report = await freezeWindow({
      model,
      asOf,
      ...(grantId !== undefined && { grantId }),
      ...(claimedBy !== undefined && { claimedBy }),
    });
    state = { ...state, reportId: report.reportId };
    details.add(
      `froze ${report.rows} rows, ${report.words ?? `${report.labelledRows} labelled`}: report ${report.reportId}`,
    );
    enter('checking quality');
    const quality = await recordingFailure((asked) => checkQuality(asked), report);
    details.add(quality.words);
    if (!quality.stops) {
      enter('measuring drift');
      const drift = await recordingFailure(async (asked) => {
        if (!asked.failed) await profileParts(report);
        return measureDrift(asked);
      }, report);
      details.add(drift.words);
      enter('measuring performance');
      details.add((await recordingFailure((asked) => measurePerformance(asked), report)).words);
    }
    enter('deciding');
    const decision = await decideRetrain(report);
    if (quality.stops || decision.judgementFailed) {
      notifications.send({
        event: decision.judgementFailed ? 'judgement failed' : 'contract broken',
        model: input.model,
        version: null,
        message: decision.summary,
      });
    }
    details.add(`**${decision.outcome}**: ${decision.reason}`);
    tag({ outcome: decision.outcome });
    details.footer(decision.summary);
    log.info(decision.summary);
    const started = decision.retrain
      ? await startRetrain({
          retrainId: `${input.model}/report-${report.reportId}`,
          model: input.model,
          reportId: report.reportId,
          asOf: null,
          trigger: decision.outcome,
          // Who asked is read from the report.
          requestedBy: claimedBy ?? 'schedule',
        })
      : null;
    if (started) details.add(`requested a retrain from \`${started.workflowId}\``);
    if (decision.lookAgain) {
      const { reportId, asOf: earlier } = decision.lookAgain;
      const requestedBy = claimedBy ?? null;
      const again = await startMonitor({ model, reportId, asOf: earlier, requestedBy });
      details.add(`the labels of report ${reportId} have arrived: \`${again.workflowId}\` measures it again`);
    }
    enter('closed');
    return {
      reportId: report.reportId,
      outcome: decision.outcome,
      retrainId: started?.retrainId ?? null,
      summary: decision.summary,
    };
  } catch (error) {
    const failure = describeFailure(error);
    tag({ outcome: failure.kind });
    details.add(`${failure.kind}: ${failure.message}`);
    notifications.send({ event: 'failed', model: input.model, version: null, message: failure.message });
    throw error;
  } finally {
    await notifications.settled();
  }
}

/** Profiles the parts of a large window, each on any free worker. */
async function profileParts({ reportId, parts }: OpenedReport): Promise<void> {
  if (parts <= 1) return;
  const { profilePart } = partActivities(workflowInfo().taskQueue);
  await Promise.all(Array.from({ length: parts }, (_, part) => profilePart({ reportId, part, parts })));
}
