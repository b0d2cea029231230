// Ends all automatic activity of a model.
import { setTimeout as delay } from 'node:timers/promises';
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { getDefinition } from '../store/definitions/definitions.ts';
import { removeUnusedRows } from '../store/online/remove-unused-rows.ts';
import { type Database } from '../store/postgres/database.ts';
import { archive, type Authority } from '../store/registry/stage-moves.ts';
import { findVersionIn, getVersion } from '../store/registry/versions.ts';
import { refuseForeignSchedules } from '../worker/schedule-owners.ts';
import { workflowIds, workflowTypes } from '../workflows/protocol/messages.ts';
import { type Say } from './follow-run.ts';
import { removeSchedule } from './schedule.ts';
import { type OperationServices } from './services.ts';

/** How long to wait for open runs to end, in milliseconds. */
const ENDED_WITHIN_MS = 30_000;

/** What was ended, and what stays. */
export interface Retired {
  /** Runs that were open and have ended. */
  readonly ended: readonly string[];
  /** Runs that were cancelled but have not ended yet. */
  readonly stillOpen: readonly string[];
  /** The version that left Staging. */
  readonly withdrawn: number | null;
  /** Definitions whose online rows were removed. */
  readonly onlineRowsOf: readonly number[];
  /** The version that stays in Production. */
  readonly production: number | null;
}

/** Who retires a model, as it is recorded with the version that leaves Staging. */
export type RetiredBy = Pick<Authority, 'actor' | 'authority' | 'grantId'>;

/**
 * Removes the schedules of a model, cancels its open runs, archives the version that waits and removes the online rows.
 * What is in Production stays.
 *
 * @throws TidegateError UNKNOWN_MODEL, FOREIGN_INSTALLATION
 */
export async function retire(
  { client, database, installation }: OperationServices,
  model: string,
  by: RetiredBy,
  say: Say,
): Promise<Retired> {
  await getDefinition(database, model);
  await refuseForeignSchedules(client, model, installation);
  // Remove the schedules first, so that they start no new runs while the open runs end.
  await removeSchedule(client, workflowIds.monitor(model));
  await removeSchedule(client, workflowIds.materialize(model));
  const ids = new Set([
    workflowIds.monitor(model),
    workflowIds.materialize(model),
    workflowIds.retrain(model),
  ]);
  const cancelled = new Set<string>();
  let withdrawn: number | null = null;
  let open: string[];
  const deadline = performance.now() + ENDED_WITHIN_MS;
  // In a loop, because a run may start another one before it ends: a retrain that is about to stage its candidate still
  // does so and starts the release.
  for (;;) {
    const left = await leaveStaging(database, model, by);
    if (left !== null) {
      withdrawn = left;
      ids.add(workflowIds.release(model, left));
    }
    open = await openRuns(client, model, ids);
    const fresh = open.filter((id) => !cancelled.has(id));
    for (const id of fresh) {
      await cancel(client, id);
      cancelled.add(id);
    }
    if (fresh.length > 0) say(`waiting for ${fresh.join(', ')} to end`);
    if (open.length === 0 || performance.now() > deadline) break;
    await delay(200);
  }
  const production = await findVersionIn(database, model, 'Production');
  return {
    ended: [...cancelled].filter((id) => !open.includes(id)),
    stillOpen: open,
    withdrawn,
    onlineRowsOf: await removeUnusedRows(database, model, { evenInUse: true }),
    production: production?.version ?? null,
  };
}

/**
 * Returns the ids of a model's open runs. Runs that deliver a notice are left out, because the notice must still arrive.
 * Each id in `ids` is checked on its own, because Temporal's list of runs lags behind. The list adds runs whose ids are not
 * known here, such as scheduled runs, whose ids contain the time.
 */
async function openRuns(client: Client, model: string, ids: ReadonlySet<string>): Promise<string[]> {
  const found = new Set(ids);
  const listed = client.workflow.list({
    query: `TidegateModel = '${model}' and ExecutionStatus = 'Running' and WorkflowType != '${workflowTypes.notice}'`,
  });
  for await (const { workflowId } of listed) found.add(workflowId);
  const all = [...found];
  const open = await Promise.all(all.map((id) => isOpen(client, id)));
  return all.filter((_, index) => open[index]);
}

const isOpen = (client: Client, id: string): Promise<boolean> =>
  client.workflow
    .getHandle(id)
    .describe()
    .then(({ status }) => status.name === 'RUNNING', falseIfNotFound);

/** Cancels a run; does nothing if it has ended in the meantime. */
async function cancel(client: Client, id: string): Promise<void> {
  await client.workflow.getHandle(id).cancel().catch(falseIfNotFound);
}

function falseIfNotFound(error: unknown): false {
  if (!(error instanceof WorkflowNotFoundError)) throw error;
  return false;
}

/**
 * Archives the version in Staging in the name of the person who retires the model. It is archived here and not by its release
 * run, because that run could record only itself as the actor, and because this also works without a worker.
 *
 * @returns the version that was archived; null if there was none
 */
async function leaveStaging(database: Database, model: string, by: RetiredBy): Promise<number | null> {
  const staged = await findVersionIn(database, model, 'Staging');
  if (!staged) return null;
  const authority = {
    ...by,
    evidenceDigest: null,
    workflowId: 'tidegate retire',
    runId: '',
  };
  const detail = `the model was retired by ${by.actor}`;
  await archive(database, model, staged.version, authority, 'withdrawn', detail);
  // If it was approved at the same moment, it is in Production now.
  const { stage } = await getVersion(database, model, staged.version);
  return stage === 'Archived' ? staged.version : null;
}
