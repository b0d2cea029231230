// Everything that an API process needs to answer requests: models in memory, look-ups, and the prediction log.
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { type FastifyBaseLogger } from 'fastify';
import { TidegateError } from '../../domain/errors.ts';
import { type Database } from '../../store/postgres/database.ts';
import { getDefinition } from '../../store/definitions/definitions.ts';
import { batchedLookUp } from '../../store/online/batched-lookup.ts';
import { type LookUp } from '../../store/online/lookup.ts';
import { loadVersion } from '../../scoring/scorer-source.ts';
import { wasCommitted, writePredictions } from '../../store/registry/predictions.ts';
import { findVersionIn } from '../../store/registry/versions.ts';
import { ModelCache } from './model-cache.ts';
import { NamedVersions } from './named-versions.ts';
import { PredictionLog } from './prediction-log.ts';
import { RequestCounts } from './request-counts.ts';
import { ServingInstance } from './serving-instance.ts';
import { makeServingModel, type ServingModel } from './serving-model.ts';
import { ServingStops } from './serving-stops.ts';

/** Dependencies and options of {@link Serving}. */
export interface ServingDeps {
  readonly database: Database;
  readonly logger: FastifyBaseLogger;
  /** Unique name of this process among the instances. @default host, process id and a random part */
  readonly instanceId?: string;
  /** How long the look-up of an online row may take, in milliseconds. @default 2000 */
  readonly lookUpWithinMs?: number;
  /** Returns the current time, for row times and the age of stored values. @default the system's clock */
  readonly clock?: () => Date;
  /** The file that stops predictions while it exists. @default none */
  readonly stopFile?: string | undefined;
}

/** Serves the models of one API process. */
export class Serving {
  readonly models: ModelCache;
  /** Versions that requests name, although they do not answer for their model. */
  readonly named: NamedVersions;
  readonly instance: ServingInstance;
  readonly stops: ServingStops;
  readonly predictions: PredictionLog;
  readonly requests: RequestCounts;
  readonly lookUp: LookUp;
  readonly clock: () => Date;
  readonly #database: Database;

  constructor({
    database,
    logger,
    instanceId = newInstanceId(),
    lookUpWithinMs = 2_000,
    clock = () => new Date(),
    stopFile,
  }: ServingDeps) {
    this.clock = clock;
    this.#database = database;
    this.models = new ModelCache(async ({ model, version }) =>
      makeServingModel(await loadVersion(database, model, version)),
    );
    this.named = new NamedVersions(database);
    this.stops = new ServingStops(database, stopFile, logger);
    const { models, stops } = this;
    this.instance = new ServingInstance({ id: instanceId, database, models, stops, logger });
    this.predictions = new PredictionLog({
      write: (rows) => writePredictions(database, instanceId, rows),
      wasCommitted: (transaction) => wasCommitted(database, transaction),
      logger,
    });
    this.requests = new RequestCounts(database, instanceId, logger);
    this.lookUp = batchedLookUp(database, lookUpWithinMs);
  }

  /** Loads the versions in Production and keeps following changes. */
  start(): Promise<void> {
    this.requests.start();
    return this.instance.start();
  }

  /** Writes what remains in the prediction log and of the counts, and deletes the rows of this instance. */
  async stop(): Promise<void> {
    await this.predictions.close();
    await this.requests.close();
    await this.instance.stop();
  }

  /** Returns the version that answers for a model if it is in memory. @throws TidegateError MODEL_STOPPED */
  loadedModel(name: string): ServingModel | undefined {
    this.stops.check(name);
    return this.models.get(name);
  }

  /**
   * Returns the version that answers for a model. A request must keep using the version it got.
   *
   * @throws TidegateError MODEL_STOPPED, UNKNOWN_MODEL, NO_PRODUCTION_VERSION, NOT_READY
   */
  async modelFor(name: string): Promise<ServingModel> {
    const loaded = this.loadedModel(name);
    if (loaded) return loaded;
    const model = await this.#loadNow(name);
    // It may have been stopped while it was loaded.
    this.stops.check(name);
    return model;
  }

  /** Loads the version in Production now, because it may just have been promoted. Throws the reason if this fails. */
  async #loadNow(name: string): Promise<ServingModel> {
    await getDefinition(this.#database, name);
    const production = await findVersionIn(this.#database, name, 'Production');
    if (!production)
      throw new TidegateError('NO_PRODUCTION_VERSION', `no version of ${name} is in Production`);
    await this.instance.sync();
    const model = this.models.get(name);
    if (model) return model;
    const failure = this.models.failures().find((each) => each.model === name);
    const why = failure ? `could not be loaded: ${failure.problem}` : 'is not loaded yet';
    throw new TidegateError('NOT_READY', `version ${production.version} of ${name} ${why}`);
  }
}

const newInstanceId = (): string => `${hostname()}-${process.pid}-${randomBytes(3).toString('hex')}`;
