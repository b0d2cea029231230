// Stores a definition as the model's next version, and creates its schedules.
import { type ScheduleOptions } from '@temporalio/client';
import { type ModelDefinition } from '../domain/model/definition.ts';
import {
  applyDefinition,
  type Applied,
  getDefinition,
  listModels,
} from '../store/definitions/definitions.ts';
import { findSharedViews, type SharedView } from '../store/registry/shared-views.ts';
import { type SourceNote, sourceNotes } from '../store/definitions/source-notes.ts';
import { workflowIds } from '../workflows/protocol/messages.ts';
import { requireInstallation } from '../store/registry/installation.ts';
import { refuseForeignSchedules } from '../worker/schedule-owners.ts';
import { type OperationServices } from './services.ts';
import { onlineScheduleOptions, putSchedule, removeSchedule, scheduleOptions } from './schedule.ts';

/** A schedule with its next run times, soonest first. */
export interface Scheduled {
  readonly id: string;
  readonly nextRuns: readonly Date[];
}

/** The result of `applyModel`. */
export interface AppliedModel extends Applied {
  readonly model: string;
  readonly appliedBy: string;
  /** The named views of the definition, each with the other models that declare a view of the same name. */
  readonly sharedViews: readonly SharedView[];
  /** Notes and warnings about its tables; none of them prevents applying the definition. */
  readonly notes: readonly SourceNote[];
  readonly schedule: Scheduled;
  /** When its online rows are brought up to date; null if the definition sets no schedule for that. */
  readonly onlineSchedule: Scheduled | null;
}

/**
 * Stores a definition as the model's next version and brings its schedules up to date. If the definition waits for an
 * approver, the schedules stay those of the definition in force.
 *
 * @param grantId the grant with which the person applies it; absent if nobody was authenticated
 * @throws TidegateError as `applyDefinition`; INVALID_DEFINITION if it cannot be scheduled; FOREIGN_INSTALLATION if a
 * schedule of the model belongs to another installation. Then nothing is stored.
 */
export async function applyModel(
  services: OperationServices,
  definition: ModelDefinition,
  appliedBy: string,
  grantId?: string | null,
): Promise<AppliedModel> {
  const { database, client, taskQueue, installation } = services;
  // Refuses what cannot be scheduled before anything is stored.
  scheduleOptions(definition, taskQueue);
  onlineScheduleOptions(definition, taskQueue);
  const model = definition.name;
  await requireInstallation(database);
  // A schedule of this name without an installation id is ours only if this database already had the model.
  const owned = (await listModels(database)).includes(model);
  await refuseForeignSchedules(client, model, installation, owned);
  const applied = await applyDefinition(database, definition, appliedBy, grantId);
  const sharedViews = await findSharedViews(database, definition);
  const notes = await sourceNotes(database, definition);
  const schedules = await scheduleModel(services, model, owned);
  return { model, ...applied, appliedBy, notes, sharedViews, ...schedules };
}

/**
 * Brings the schedules of a model up to date with its definition in force.
 *
 * @param owned whether schedules of its name without an installation id are ours
 */
export async function scheduleModel(
  { database, client, taskQueue, installation }: OperationServices,
  model: string,
  owned = true,
): Promise<Pick<AppliedModel, 'schedule' | 'onlineSchedule'>> {
  const { definition } = await getDefinition(database, model);
  const online = onlineScheduleOptions(definition, taskQueue);
  const put = async (options: ScheduleOptions): Promise<Scheduled> => ({
    id: options.scheduleId,
    nextRuns: await putSchedule(client, options, installation, owned),
  });
  const schedule = await put(scheduleOptions(definition, taskQueue));
  if (online) return { schedule, onlineSchedule: await put(online) };
  await removeSchedule(client, workflowIds.materialize(model));
  return { schedule, onlineSchedule: null };
}
