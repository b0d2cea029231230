// Whether schedules and runs in the namespace belong to this installation.
import { type Client } from '@temporalio/client';
import { type Database } from '../../store/postgres/database.ts';
import { listModels } from '../../store/definitions/definitions.ts';
import { readInstallation, requireInstallation } from '../../store/registry/installation.ts';
import { refuseForeignRuns } from '../../worker/installation-memo.ts';
import { refuseForeignSchedules } from '../../worker/schedule-owners.ts';
import { explainError } from '../explain-error.ts';
import { type Finding, judge } from './finding.ts';

const tell = (error: unknown): Pick<Finding, 'words' | 'remedy'> => {
  const { message, remedy } = explainError(error);
  return { words: message, remedy };
};

/** Looks at the open runs of the task queue, and at the schedules of the database's models. */
export async function examineInstallation(
  client: Client,
  database: Database,
  taskQueue: string,
): Promise<Finding[]> {
  const installation = await readInstallation(database);
  const copy = await judge(
    'installation',
    () => requireInstallation(database),
    `this database is where the installation ${installation.id} is at home`,
    tell,
  );
  const runs = await judge(
    'installation',
    () => refuseForeignRuns(client, taskQueue, installation),
    `${installation.id} owns the runs on the task queue ${taskQueue}`,
    tell,
  );
  const schedules: Finding[] = [];
  for (const model of await listModels(database)) {
    const look = () => refuseForeignSchedules(client, model, installation);
    schedules.push(await judge(model, look, 'its schedules belong to this installation', tell));
  }
  return [copy, runs, ...schedules];
}
