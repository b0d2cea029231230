// Reads a model file, checks it, stores it as a definition version, and creates its schedules.
import { access } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type ScheduleOptions } from '@temporalio/client';
import { type ModelDefinition } from '../../domain/model/definition.ts';
import { parseDefinition } from '../../domain/model/define-model.ts';
import { TidegateError } from '../../domain/errors.ts';
import { applyDefinition, type Applied, listModels } from '../../store/definitions/definitions.ts';
import { findSharedViews, type SharedView } from '../../store/registry/shared-views.ts';
import { type SourceNote, sourceNotes } from '../../store/definitions/source-notes.ts';
import { workflowIds } from '../../workflows/protocol/messages.ts';
import { requireInstallation } from '../../store/registry/installation.ts';
import { refuseForeignSchedules } from '../../worker/schedule-owners.ts';
import { type Services } from './connections.ts';
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
 * Reads the default export of a model file.
 *
 * @throws TidegateError INVALID_DEFINITION if the file does not exist, cannot be loaded, or does not export a model
 */
export async function readModelFile(file: string): Promise<ModelDefinition> {
  const path = resolve(file);
  const unusable = (problem: string, cause?: unknown): TidegateError =>
    new TidegateError('INVALID_DEFINITION', `${file} ${problem}`, {
      remedy: 'Name a file such as models/churn.ts, whose default export is defineModel({ … }).',
      cause,
    });
  await access(path).catch((cause: unknown) => {
    throw unusable('cannot be read', cause);
  });
  let exported: unknown;
  try {
    // Our own code is compiled beforehand, but a user's model file is TypeScript and needs tsx.
    const { tsImport } = await import('tsx/esm/api');
    const loaded = (await tsImport(pathToFileURL(path).href, import.meta.url)) as { default?: unknown };
    exported = unwrapped(loaded.default);
  } catch (cause) {
    throw unusable(`cannot be loaded: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
  if (exported === undefined) throw unusable('has no default export');
  return parseDefinition(exported);
}

/** Unwraps the default export: a file outside a package of type `module` is loaded as CommonJS, which wraps it once more. */
const unwrapped = (exported: unknown): unknown =>
  typeof exported === 'object' && exported !== null && 'default' in exported ? exported.default : exported;

/**
 * Stores a definition as the model's next version and brings its schedules up to date.
 *
 * @throws TidegateError as `applyDefinition`; INVALID_DEFINITION if it cannot be scheduled; FOREIGN_INSTALLATION if a
 * schedule of the model belongs to another installation. Then nothing is stored.
 */
export async function applyModel(
  {
    database,
    client,
    taskQueue,
    installation,
  }: Pick<Services, 'database' | 'client' | 'taskQueue' | 'installation'>,
  definition: ModelDefinition,
  appliedBy: string,
): Promise<AppliedModel> {
  const monitor = scheduleOptions(definition, taskQueue);
  const online = onlineScheduleOptions(definition, taskQueue);
  const model = definition.name;
  await requireInstallation(database);
  // A schedule of this name without an installation id is ours only if this database already had the model.
  const owned = (await listModels(database)).includes(model);
  await refuseForeignSchedules(client, model, installation, owned);
  const applied = await applyDefinition(database, definition, appliedBy);
  const sharedViews = await findSharedViews(database, definition);
  const notes = await sourceNotes(database, definition);
  const put = async (options: ScheduleOptions): Promise<Scheduled> => ({
    id: options.scheduleId,
    nextRuns: await putSchedule(client, options, installation, owned),
  });
  const schedule = await put(monitor);
  const onlineSchedule = online ? await put(online) : null;
  if (!online) await removeSchedule(client, workflowIds.materialize(model));
  return { model, ...applied, appliedBy, notes, sharedViews, schedule, onlineSchedule };
}
