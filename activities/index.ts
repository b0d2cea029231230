// All activities of the loops, created once per worker from its connections.
import { nameTheSource } from '../store/name-the-source.ts';
import { postgresFailure } from '../store/postgres/postgres-failure.ts';
import { getReport } from '../store/registry/reports.ts';
import { getRetrain } from '../store/registry/retrains.ts';
import { type Database } from '../store/postgres/database.ts';
import { type ActivityDeps } from './deps.ts';
import { qualityActivities } from './check-quality.ts';
import { leakActivities } from './check-leaks.ts';
import { compareActivities } from './compare.ts';
import { decideActivities } from './decide.ts';
import { evidenceActivities } from './evidence.ts';
import { freezeActivities } from './freeze.ts';
import { materializeActivities } from './materialize.ts';
import { importActivities } from './import-candidate.ts';
import { driftActivities } from './measure-drift.ts';
import { performanceActivities } from './measure-performance.ts';
import { notifyActivities } from './notify.ts';
import { profilePartActivities } from './profile-part.ts';
import { retrainActivities } from './open-retrain.ts';
import { servingActivities } from './serving.ts';
import { stageActivities } from './stages.ts';
import { startActivities } from './start-runs.ts';
import { trainActivities } from './train.ts';
import { tuneActivities } from './tune.ts';
import { validateActivities } from './validate.ts';
import { decisionActivities } from './verify-decision.ts';
import { watchActivities } from './watch.ts';

/**
 * Creates every activity that the workflows call. If a source table causes an error, the error names the table as the
 * definition does.
 */
export const createActivities = (deps: ActivityDeps) =>
  namingSources(deps.database, {
    ...freezeActivities(deps),
    ...qualityActivities(deps),
    ...profilePartActivities(deps),
    ...driftActivities(deps),
    ...performanceActivities(deps),
    ...decideActivities(deps),
    ...startActivities(deps),
    ...retrainActivities(deps),
    ...importActivities(deps),
    ...leakActivities(deps),
    ...tuneActivities(deps),
    ...trainActivities(deps),
    ...compareActivities(deps),
    ...stageActivities(deps),
    ...materializeActivities(deps),
    ...validateActivities(deps),
    ...evidenceActivities(deps),
    ...decisionActivities(deps),
    ...servingActivities(deps),
    ...notifyActivities(deps),
    ...watchActivities(deps),
  });

/** The fields of an activity's input that identify a model, directly or through a report or retrain. */
interface Subject {
  readonly model?: string;
  readonly reportId?: number;
  readonly retrainId?: string;
}

function namingSources<T extends object>(database: Database, activities: T): T {
  const wrapped = Object.entries(activities as Record<string, (input: Subject) => Promise<unknown>>).map(
    ([name, activity]) => [
      name,
      async (input: Subject): Promise<unknown> => {
        try {
          return await activity(input);
        } catch (error) {
          if (!postgresFailure(error)) throw error;
          const model = await modelOf(database, input).catch(() => undefined);
          throw model === undefined ? error : await nameTheSource(database, model, error);
        }
      },
    ],
  );
  return Object.fromEntries(wrapped) as T;
}

async function modelOf(
  database: Database,
  { model, reportId, retrainId }: Subject,
): Promise<string | undefined> {
  if (model !== undefined) return model;
  if (reportId !== undefined) return (await getReport(database, reportId)).model;
  return retrainId === undefined ? undefined : (await getRetrain(database, retrainId)).model;
}

/** The activities by name, for typed proxies in workflow code. */
export type Activities = ReturnType<typeof createActivities>;
