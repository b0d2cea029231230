// Health checks: whether this process is running, and whether it can answer requests.
import { z } from 'zod';
import { type Place, TidegateError } from '../../domain/errors.ts';
import { may } from '../../domain/identity/caller.ts';
import { checkReachable, type Database } from '../../store/postgres/database.ts';
import { type ApiDeps, type App } from '../context/types.ts';
import { errorResponses } from '../schemas/common.ts';
import { type PredictionLogState } from '../serving/prediction-log.ts';

/** How long the database may take to answer before this process counts as not ready, in milliseconds. */
const PATIENCE_MS = 2_000;

const readyAnswer = z.object({
  status: z.literal('ready'),
  problems: z.array(z.string()).describe('Whether a file stops the predictions of this process'),
});

const servingAnswer = z.object({
  instance: z.string(),
  serving: z.record(z.string(), z.int()).describe('Version that answers requests, by model'),
  problems: z
    .array(z.string())
    .describe(
      'Problems that do not prevent answers: versions that could not be loaded, a prediction log that is late in writing predictions, a stop file',
    ),
});

/** `GET /healthz` and `GET /readyz`, which are open and say nothing about models, and `GET /serving`, which does. */
export function healthRoutes(app: App, { database, serving }: ApiDeps): void {
  app.get(
    '/healthz',
    {
      schema: {
        tags: ['process'],
        summary: 'Whether the process is running',
        response: { 200: z.object({ status: z.literal('ok') }) },
      },
    },
    () => ({ status: 'ok' as const }),
  );

  app.get(
    '/readyz',
    {
      schema: {
        tags: ['process'],
        summary: 'Whether the process can answer requests: the database is reachable and models are loaded',
        response: { 200: readyAnswer, ...errorResponses },
      },
    },
    async (request) => {
      const ofDatabase = await databaseObstacles(database);
      const ofModels = serving.instance.obstacles();
      const stopped = stoppedByFile(serving.stops.file.isActive);
      if (ofDatabase.length + ofModels.length === 0)
        return { status: 'ready' as const, problems: stopped.map(shown) };
      request.log.warn({ obstacles: [...ofDatabase, ...ofModels] }, 'not ready');
      throw notReady([
        ...(ofDatabase.length > 0 ? [{ at: 'database', problem: 'does not answer' }] : []),
        ...(ofModels.length > 0 ? [{ at: 'models', problem: 'not all are loaded' }] : []),
        ...stopped,
      ]);
    },
  );

  app.get(
    '/serving',
    {
      schema: {
        tags: ['process'],
        summary: 'The versions that this process serves, and what is wrong in it',
        response: { 200: servingAnswer, ...errorResponses },
      },
    },
    ({ caller }) => {
      const isShown = ({ model }: { readonly model: string }): boolean => may(caller, 'viewer', model);
      const loaded = serving.models.list().filter(isShown);
      const failures = serving.models.failures().filter(isShown);
      return {
        instance: serving.instance.id,
        serving: Object.fromEntries(loaded.map(({ model, version }) => [model, version])),
        problems: [
          ...failures.map(({ model, version, problem }) => `${model} version ${version}: ${problem}`),
          ...logBehind(serving.predictions.state).map(shown),
          ...stoppedByFile(serving.stops.file.isActive).map(shown),
        ],
      };
    },
  );
}

/** Reports a prediction log that is behind. Predictions are still answered, so the process stays ready. */
function logBehind({ waiting, behindSince, problem }: PredictionLogState): Place[] {
  if (!behindSince) return [];
  const why = problem === undefined ? '' : `: ${problem}`;
  return [
    {
      at: 'predictions',
      problem: `${waiting} have been waiting to be logged since ${behindSince.toISOString()}${why}`,
    },
  ];
}

/** Reports a stop file. The process stays ready: it answers MODEL_STOPPED, and no other process should answer instead. */
const stoppedByFile = (isActive: boolean): Place[] =>
  isActive ? [{ at: 'serving', problem: 'stopped by file' }] : [];

const shown = ({ at, problem }: Place): string => `${at}: ${problem}`;

const notReady = (obstacles: readonly Place[]): TidegateError =>
  new TidegateError('NOT_READY', obstacles.map(shown).join('; '), {
    places: obstacles,
    remedy: 'GET /serving and the log of the process say more.',
  });

async function databaseObstacles(database: Database): Promise<Place[]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${PATIENCE_MS / 1_000} s`)), PATIENCE_MS);
  });
  try {
    await Promise.race([checkReachable(database), late]);
    return [];
  } catch (error) {
    return [{ at: 'database', problem: (error as Error).message }];
  } finally {
    clearTimeout(timer);
  }
}
