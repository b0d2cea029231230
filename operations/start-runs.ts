// Starts the runs that a person asks for.
import { type WorkflowHandle } from '@temporalio/client';
import { requestRetrain } from '../activities/request-retrain.ts';
import { TidegateError } from '../domain/errors.ts';
import { keepsOnline } from '../domain/model/definition.ts';
import { refuseFuture } from '../domain/model/future-instant.ts';
import { getDefinition } from '../store/definitions/definitions.ts';
import { newestRowTime } from '../store/join/newest-labelled-time.ts';
import { onlineStates } from '../store/online/watermark.ts';
import { type Database } from '../store/postgres/database.ts';
import {
  type MaterializeInput,
  type MonitorInput,
  type RetrainRequest,
  type RollbackInput,
  searchAttributes,
  workflowIds,
  workflowTypes,
} from '../workflows/protocol/messages.ts';
import { type OperationServices } from './services.ts';

type Starting = Pick<OperationServices, 'client' | 'taskQueue'>;

/** Which window to monitor, and who requests it. */
interface MonitorRequest {
  readonly model: string;
  readonly asOf: Date;
  /** For display only. */
  readonly requestedBy: string;
  /** The grant of the person who requests it; null if nobody was authenticated. */
  readonly grantId?: string | null;
}

/** Starts a monitor run. @throws WorkflowExecutionAlreadyStartedError while another one is running */
export function startMonitor(
  services: Starting,
  { model, asOf, requestedBy, grantId = null }: MonitorRequest,
): Promise<WorkflowHandle> {
  const input: MonitorInput = {
    model,
    asOf: asOf.toISOString(),
    requestedBy,
    ...(grantId !== null && { grantId }),
  };
  return startRun(
    services,
    'monitor',
    input,
    `Monitor ${model} as of ${input.asOf}, requested by ${requestedBy}`,
  );
}

/**
 * Returns the end of the window to monitor: the given one, or the newest row time of the model.
 *
 * @param isFutureMeant whether an instant in the future is accepted
 * @throws TidegateError UNKNOWN_MODEL, FUTURE_INSTANT; EMPTY_WINDOW if the entity table is empty
 */
export async function monitoredInstant(
  database: Database,
  model: string,
  asOf: Date | undefined,
  isFutureMeant: boolean | undefined,
): Promise<Date> {
  refuseFuture({ asOf }, isFutureMeant);
  const { definition } = await getDefinition(database, model);
  const chosen = asOf ?? (await newestRowTime(database, definition));
  if (!chosen)
    throw new TidegateError(
      'EMPTY_WINDOW',
      `${definition.rows.table}, the entity table of ${model}, is empty`,
    );
  refuseFuture({ 'the newest row time': chosen }, isFutureMeant);
  return chosen;
}

/** Sends a request to the retrain loop of a model, and starts the loop if it is not running. @returns its workflow id */
export const startRetrain = (services: Starting, request: RetrainRequest): Promise<string> =>
  requestRetrain(services, request);

/** Starts a materialize run. @throws WorkflowExecutionAlreadyStartedError while another one started by hand is running */
export const startMaterialize = (services: Starting, input: MaterializeInput): Promise<WorkflowHandle> =>
  startRun(
    services,
    'materialize',
    input,
    `Materialize ${input.model} as of ${input.range?.to ?? input.asOf}, requested by ${input.requestedBy}`,
  );

/** Fails immediately, before a run is started, with the errors that the run would end with. */
export async function checkMaterializable(
  database: Database,
  model: string,
  version: number | undefined,
): Promise<void> {
  const newest = await getDefinition(database, model);
  if (version !== undefined && version > newest.version) {
    throw new TidegateError(
      'INVALID_REQUEST',
      `${model} has no definition ${version}; the newest is ${newest.version}`,
      { remedy: 'Give the number of an existing definition version.' },
    );
  }
  // If an earlier definition still has online rows, the run has something to update or remove.
  if (!keepsOnline(newest.definition) && (await onlineStates(database, model)).length === 0) {
    throw new TidegateError('ONLINE_OFF', `${model} keeps no online rows (online: 'off')`);
  }
  if (await newestRowTime(database, newest.definition)) return;
  throw new TidegateError(
    'EMPTY_WINDOW',
    `${newest.definition.rows.table}, the entity table of ${model}, is empty, so there is nothing to materialize`,
  );
}

/** Starts a rollback. @throws WorkflowExecutionAlreadyStartedError while another one of the model is running */
export const startRollback = (services: Starting, input: RollbackInput): Promise<WorkflowHandle> =>
  startRun(services, 'rollback', input, `Roll ${input.model} back, requested by ${input.requestedBy}`);

/** Starts the one run of a kind that a model can have at a time. */
const startRun = (
  { client, taskQueue }: Starting,
  kind: 'monitor' | 'materialize' | 'rollback',
  input: { readonly model: string },
  staticSummary: string,
): Promise<WorkflowHandle> =>
  client.workflow.start(workflowTypes[kind], {
    workflowId: workflowIds[kind](input.model),
    taskQueue,
    args: [input],
    typedSearchAttributes: [{ key: searchAttributes.model, value: input.model }],
    staticSummary,
  });
