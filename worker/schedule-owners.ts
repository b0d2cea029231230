// Finds out which installation a schedule belongs to, and claims or refuses schedules accordingly.
import { type Client, type ScheduleDescription, ScheduleNotFoundError } from '@temporalio/client';
import { TidegateError } from '../domain/errors.ts';
import { belongsTo, type Installation } from '../store/registry/installation.ts';
import { workflowIds } from '../workflows/protocol/messages.ts';
import { foreign, installationMemo, ownerIn } from './installation-memo.ts';

type Owned = Pick<ScheduleDescription, 'scheduleId' | 'action'>;

/** The owner is in the memo of the schedule's action, because the memo of a schedule itself cannot be changed. */
const ownerOf = ({ action }: Owned): string | undefined => ownerIn(action.memo);

/**
 * Refuses a schedule of another installation.
 *
 * @param owned whether a schedule without an installation id belongs to this installation; older schedules have no id
 * @throws TidegateError FOREIGN_INSTALLATION
 */
export function refuseForeignSchedule(found: Owned, installation: Installation, owned = true): void {
  const owner = ownerOf(found);
  if (owner === undefined ? owned : belongsTo(installation, owner)) return;
  if (owner !== undefined) throw foreign(`the schedule ${found.scheduleId}`, owner, installation);
  throw new TidegateError(
    'FOREIGN_INSTALLATION',
    `the schedule ${found.scheduleId} was created by another installation: this database did not contain its model`,
    { remedy: 'Give this installation a namespace of its own (TEMPORAL_NAMESPACE), or delete the schedule.' },
  );
}

/** Returns the existing schedules of a model. */
export async function schedulesOf(client: Client, model: string): Promise<ScheduleDescription[]> {
  const ids = [workflowIds.monitor(model), workflowIds.materialize(model)];
  const found = await Promise.all(
    ids.map(async (id) => {
      try {
        return await client.schedule.getHandle(id).describe();
      } catch (error) {
        if (error instanceof ScheduleNotFoundError) return undefined;
        throw error;
      }
    }),
  );
  return found.filter((schedule) => schedule !== undefined);
}

/** Refuses a model whose schedules belong to another installation. @throws TidegateError FOREIGN_INSTALLATION */
export async function refuseForeignSchedules(
  client: Client,
  model: string,
  installation: Installation,
  owned = true,
): Promise<void> {
  for (const found of await schedulesOf(client, model)) refuseForeignSchedule(found, installation, owned);
}

/**
 * Writes the installation's id to those schedules of a model that have no id or the id of an installation that was
 * adopted.
 *
 * @returns ids of the schedules that were changed
 */
export async function claimSchedules(
  client: Client,
  model: string,
  installation: Installation,
): Promise<string[]> {
  const claimed: string[] = [];
  for (const found of await schedulesOf(client, model)) {
    const owner = ownerOf(found);
    if (owner === installation.id || (owner !== undefined && !belongsTo(installation, owner))) continue;
    await client.schedule.getHandle(found.scheduleId).update(({ spec, policies, state, action }) => ({
      spec,
      policies,
      state,
      action: { ...action, memo: { ...action.memo, ...installationMemo(installation) } },
    }));
    claimed.push(found.scheduleId);
  }
  return claimed;
}

/**
 * Claims the schedules of an installation's models.
 *
 * @throws TidegateError FOREIGN_INSTALLATION if a schedule of another installation starts runs on this task queue
 */
export async function ownSchedules(
  client: Client,
  models: readonly string[],
  taskQueue: string,
  installation: Installation,
): Promise<void> {
  for (const model of models) {
    for (const found of await schedulesOf(client, model))
      if (found.action.taskQueue === taskQueue) refuseForeignSchedule(found, installation);
    await claimSchedules(client, model, installation);
  }
}
