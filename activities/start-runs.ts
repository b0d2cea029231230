// Starts other runs through the client, because a child workflow would end with its parent.
import {
  type Client,
  WorkflowExecutionAlreadyStartedError,
  WorkflowIdReusePolicy,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { durationOf, toMilliseconds } from '../domain/model/parts/duration.ts';
import { getDefinition } from '../store/definitions/definitions.ts';
import { candidateOf, getRetrain } from '../store/registry/retrains.ts';
import {
  type MonitorInput,
  type ReleaseInput,
  type RetrainRequest,
  searchAttributes,
  supersededSignal,
  workflowIds,
  workflowTypes,
} from '../workflows/protocol/messages.ts';
import { type ActivityDeps } from './deps.ts';
import { requestRetrain } from './request-retrain.ts';

/** A window that is to be measured again. */
export interface MonitorAgain {
  readonly model: string;
  /** The report that was waiting for labels. */
  readonly reportId: number;
  /** End of its window, ISO 8601. */
  readonly asOf: string;
  /** Who started the run that found the labels; null for a schedule. */
  readonly requestedBy: string | null;
}

/** The steps that start other runs. */
export const startActivities = ({ database, client, taskQueue }: ActivityDeps) => ({
  /** Requests a retrain from the retrain loop of a model, and starts the loop if it is not running. */
  async startRetrain(request: RetrainRequest): Promise<{ workflowId: string; retrainId: string }> {
    const workflowId = await requestRetrain({ client, taskQueue }, request);
    return { workflowId, retrainId: request.retrainId };
  },

  /**
   * Starts a monitor run on the window of an earlier report whose labels have arrived. Does nothing if that run is
   * running or has succeeded; starts it again if it failed.
   */
  async startMonitor({ model, reportId, asOf, requestedBy }: MonitorAgain): Promise<{ workflowId: string }> {
    const workflowId = workflowIds.monitorAgain(model, reportId);
    const input: MonitorInput = { model, asOf, ...(requestedBy !== null && { requestedBy }) };
    try {
      await client.workflow.start(workflowTypes.monitor, {
        workflowId,
        taskQueue,
        args: [input],
        workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
        typedSearchAttributes: [{ key: searchAttributes.model, value: model }],
        staticSummary: `Monitor ${model} as of ${asOf} again: the labels of report ${reportId} have come`,
      });
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    }
    return { workflowId };
  },

  /** Starts the release of a candidate in Staging, and notifies the release that it superseded. */
  async startRelease(input: {
    retrainId: string;
    superseded: number | null;
  }): Promise<{ workflowId: string }> {
    const retrain = await getRetrain(database, input.retrainId);
    const { model } = retrain;
    const candidateVersion = candidateOf(retrain);
    const { definition } = await getDefinition(database, model);
    if (input.superseded !== null) await notifySuperseded(client, model, input.superseded, candidateVersion);
    const workflowId = workflowIds.release(model, candidateVersion);
    const release: ReleaseInput = {
      model,
      version: candidateVersion,
      retrainId: input.retrainId,
      expiresAfterMs: toMilliseconds(durationOf(definition.promotion.expiresAfter)),
      remindEveryMs: toMilliseconds(durationOf(definition.promotion.remindEvery)),
    };
    try {
      await client.workflow.start(workflowTypes.release, {
        workflowId,
        taskQueue,
        args: [release],
        workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
        typedSearchAttributes: [
          { key: searchAttributes.model, value: model },
          { key: searchAttributes.version, value: candidateVersion },
        ],
        staticSummary: `Release ${model} version ${candidateVersion}`,
      });
    } catch (error) {
      // An earlier attempt of this activity has started it; each version is released once.
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    }
    return { workflowId };
  },
});

async function notifySuperseded(client: Client, model: string, version: number, by: number): Promise<void> {
  try {
    await client.workflow.getHandle(workflowIds.release(model, version)).signal(supersededSignal, { by });
  } catch (error) {
    // That release has already ended.
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  }
}
