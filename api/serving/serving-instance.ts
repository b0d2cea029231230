// Keeps the versions of one API process in sync with the database, and records there which versions it serves.
import { type FastifyBaseLogger } from 'fastify';
import { type Place } from '../../domain/errors.ts';
import { type Database } from '../../store/postgres/database.ts';
import { recordHeartbeat, removeInstance, writeStates } from '../../store/registry/instances.ts';
import {
  listPreparations,
  listProduction,
  PREPARE_CHANNEL,
  STAGE_CHANNEL,
} from '../../store/registry/wanted-versions.ts';
import { listenToChannels } from './channel-listener.ts';
import { type MarkedState, type ModelCache } from './model-cache.ts';
import { singleFlight } from './single-flight.ts';
import { type ServingStops } from './serving-stops.ts';

/** How often an instance sends a heartbeat and polls for changes, in case a notification was missed. Milliseconds. */
const POLL_MS = 1_000;

/** Dependencies of {@link ServingInstance}. */
export interface ServingInstanceOptions {
  readonly id: string;
  readonly database: Database;
  readonly models: ModelCache;
  readonly stops: ServingStops;
  readonly logger: FastifyBaseLogger;
}

/** Keeps the versions in memory, and the instance's own rows, in sync with the database. */
export class ServingInstance {
  readonly id: string;
  readonly #database: Database;
  readonly #models: ModelCache;
  readonly #stops: ServingStops;
  readonly #logger: FastifyBaseLogger;
  readonly #reported = new Map<string, string>();
  #loaded = false;
  #stopped = false;
  #timer: NodeJS.Timeout | undefined;
  #stopListening: (() => Promise<void>) | undefined;
  #lastProblem: string | undefined;

  /** Syncs now. Afterwards, every version that was in Production at the call is served or listed as failed. */
  readonly sync = singleFlight(() => this.#sync());

  constructor({ id, database, models, stops, logger }: ServingInstanceOptions) {
    this.id = id;
    this.#database = database;
    this.#models = models;
    this.#stops = stops;
    this.#logger = logger;
  }

  /** Loads the versions in Production and keeps following changes. If the database is unreachable, keeps trying. */
  async start(): Promise<void> {
    await this.#stops.file.start();
    await this.#trySync();
    this.#timer = setInterval(() => void this.#follow(), POLL_MS);
    this.#stopListening = listenToChannels({
      database: this.#database,
      channels: [STAGE_CHANNEL, PREPARE_CHANNEL],
      onSignal: () => void this.#follow(),
      logger: this.#logger,
    });
  }

  /** Reasons why this instance cannot answer for every model; empty if it is ready. */
  obstacles(): Place[] {
    if (!this.#loaded) return [{ at: 'models', problem: this.#lastProblem ?? 'not loaded yet' }];
    return this.#models
      .failures()
      .filter(({ model }) => !this.#models.get(model))
      .map(({ model, version, problem }) => ({
        at: model,
        problem: `cannot load version ${version}: ${problem}`,
      }));
  }

  /** Stops following changes and deletes the instance's rows. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#stops.file.close();
    await this.#stopListening?.();
    this.#stopped = true;
    // Wait for a sync that is running, because it would insert the row again.
    await this.#trySync();
    await removeInstance(this.#database, this.id).catch((error: unknown) => {
      this.#logger.warn({ err: error }, 'the row of this instance could not be removed');
    });
  }

  /** Reads the stops first, and without waiting for a sync that is loading a version. */
  async #follow(): Promise<void> {
    await this.#stops.refresh().catch((error: unknown) => this.#logOnce(error));
    await this.#trySync();
  }

  async #trySync(): Promise<void> {
    try {
      await this.sync();
      this.#lastProblem = undefined;
    } catch (error) {
      this.#logOnce(error);
    }
  }

  async #sync(): Promise<void> {
    if (this.#stopped) return;
    const { created } = await recordHeartbeat(this.#database, this.id);
    if (created) this.#reported.clear();
    // Before any version is loaded, so that a process that starts never answers for a model that is stopped.
    await this.#stops.refresh();
    const production = await listProduction(this.#database);
    await this.#models.follow(production, await listPreparations(this.#database));
    this.#loaded = true;
    await this.#report(this.#models.states());
  }

  async #report(states: readonly MarkedState[]): Promise<void> {
    const marks = new Map(
      states.map((state) => [
        `${state.model}/${state.version}`,
        [state.state, state.problem, state.mark].join('|'),
      ]),
    );
    const changed = states.filter(({ model, version }) => {
      const key = `${model}/${version}`;
      return this.#reported.get(key) !== marks.get(key);
    });
    if (changed.length === 0 && marks.size === this.#reported.size) return;
    await writeStates(this.#database, this.id, states, changed);
    this.#reported.clear();
    for (const [key, mark] of marks) this.#reported.set(key, mark);
    for (const { model, version, state, problem } of changed) {
      if (state === 'failed')
        this.#logger.error({ model, version, problem }, 'a version could not be loaded');
      else
        this.#logger.info(
          { model, version },
          state === 'serving' ? 'serves a version' : 'made a version ready',
        );
    }
  }

  #logOnce(error: unknown): void {
    const problem = error instanceof Error ? error.message : String(error);
    if (problem === this.#lastProblem) return;
    this.#lastProblem = problem;
    this.#logger.error({ err: error }, 'cannot follow the versions in Production');
  }
}
