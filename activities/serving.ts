// Waits until every API instance has loaded a version, and until every one of them serves it.
import { heartbeat, sleep } from '@temporalio/activity';
import { TidegateError } from '../domain/errors.ts';
import { type Database } from '../store/postgres/database.ts';
import { type InstanceAnswer, listAnswers } from '../store/registry/instances.ts';
import { requestPreparation, type VersionRef } from '../store/registry/wanted-versions.ts';
import { findVersionIn } from '../store/registry/versions.ts';
import { type ActivityDeps } from './deps.ts';

/** How long to wait for the instances, in milliseconds; both are below the activities' own timeout. */
const PREPARE_MS = 20_000;
const CONFIRM_MS = 5_000;
const POLL_MS = 100;

/** The number of live API instances, all of which did what was requested; 0 if none is running. */
export interface ServingAnswer {
  readonly instances: number;
}

/** The steps that wait for the API instances. */
export const servingActivities = ({ database }: Pick<ActivityDeps, 'database'>) => ({
  /**
   * Asks every live API instance to load a version and to check that the version can score.
   *
   * @throws TidegateError SERVING_NOT_CONFIRMED naming the instances that failed or did not respond within 20 s
   */
  async prepareServing(version: VersionRef): Promise<ServingAnswer> {
    await requestPreparation(database, version);
    return waitForAll(database, version, 'prepared', PREPARE_MS);
  },

  /**
   * Waits until every live API instance serves a version that was promoted.
   *
   * @throws TidegateError SERVING_NOT_CONFIRMED naming the instances that do not serve it within 5 s, or if the version
   * is not in Production
   */
  async confirmServing(version: VersionRef): Promise<ServingAnswer> {
    const champion = await findVersionIn(database, version.model, 'Production');
    if (champion?.version !== version.version) {
      throw new TidegateError('SERVING_NOT_CONFIRMED', `${describeVersion(version)} is not in Production`);
    }
    return waitForAll(database, version, 'serving', CONFIRM_MS);
  },
});

async function waitForAll(
  database: Database,
  version: VersionRef,
  wanted: 'prepared' | 'serving',
  patienceMs: number,
): Promise<ServingAnswer> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    heartbeat(wanted);
    const answers = await listAnswers(database, version);
    const failed = answers.filter(({ state }) => state === 'failed');
    if (failed.length > 0) {
      const problems = failed.map(({ instance, problem }) => `${instance}: ${problem ?? 'unknown problem'}`);
      throw new TidegateError(
        'SERVING_NOT_CONFIRMED',
        `${describeVersion(version)} failed on ${problems.join('; ')}`,
      );
    }
    const late = answers.filter(({ state }) => !isDone(state, wanted));
    if (late.length === 0) return { instances: answers.length };
    if (Date.now() >= deadline) {
      const names = late.map(({ instance }) => instance).join(', ');
      throw new TidegateError(
        'SERVING_NOT_CONFIRMED',
        `after ${patienceMs / 1_000} s, ${describeVersion(version)} is still not ${wanted} on ${names}`,
      );
    }
    await sleep(POLL_MS);
  }
}

/** An instance that serves a version has also loaded it. */
const isDone = (state: InstanceAnswer['state'], wanted: 'prepared' | 'serving'): boolean =>
  state === 'serving' || state === wanted;

const describeVersion = ({ model, version }: VersionRef): string => `version ${version} of ${model}`;
