// Waits until every API instance has loaded a version, and until every one answers with it.
import { heartbeat, sleep } from '@temporalio/activity';
import { TidegateError } from '../domain/errors.ts';
import { type Database } from '../store/postgres/database.ts';
import { type InstanceAnswer, listAnswers } from '../store/registry/instances.ts';
import { requestPreparation, type VersionRef } from '../store/registry/wanted-versions.ts';
import { findVersionIn } from '../store/registry/versions.ts';
import { type ActivityDeps } from './deps.ts';

/** How long the instances are waited for, in milliseconds; both stay below the activities' own timeout. */
const PREPARE_MS = 20_000;
const CONFIRM_MS = 5_000;
const POLL_MS = 100;

/** How many API instances live and did what was asked; 0 where none runs. */
export interface ServingAnswer {
  readonly instances: number;
}

/** The steps that wait for the API instances. */
export const servingActivities = ({ database }: Pick<ActivityDeps, 'database'>) => ({
  /**
   * Asks every live API instance to load a version and check that it answers.
   *
   * @throws TidegateError SERVING_NOT_CONFIRMED naming the instances that could not, or did not answer in 20 s
   */
  async prepareServing(version: VersionRef): Promise<ServingAnswer> {
    await requestPreparation(database, version);
    return waitForAll(database, version, 'prepared', PREPARE_MS);
  },

  /**
   * Waits until every live API instance answers with a version that was promoted.
   *
   * @throws TidegateError SERVING_NOT_CONFIRMED naming the instances that do not within 5 s, or when the version is
   * not in Production
   */
  async confirmServing(version: VersionRef): Promise<ServingAnswer> {
    const champion = await findVersionIn(database, version.model, 'Production');
    if (champion?.version !== version.version) {
      throw new TidegateError('SERVING_NOT_CONFIRMED', `${inWords(version)} is not in Production`);
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
        `${inWords(version)} failed on ${problems.join('; ')}`,
      );
    }
    const late = answers.filter(({ state }) => !isDone(state, wanted));
    if (late.length === 0) return { instances: answers.length };
    if (Date.now() >= deadline) {
      const names = late.map(({ instance }) => instance).join(', ');
      throw new TidegateError(
        'SERVING_NOT_CONFIRMED',
        `${inWords(version)} is not ${wanted} after ${patienceMs / 1_000} s on ${names}`,
      );
    }
    await sleep(POLL_MS);
  }
}

/** An instance that serves a version has loaded it as well. */
const isDone = (state: InstanceAnswer['state'], wanted: 'prepared' | 'serving'): boolean =>
  state === 'serving' || state === wanted;

const inWords = ({ model, version }: VersionRef): string => `version ${version} of ${model}`;
