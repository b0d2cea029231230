// Which models this process must not answer for, because a person stopped them.
import { type FastifyBaseLogger } from 'fastify';
import { TidegateError } from '../../domain/errors.ts';
import { excerpt } from '../../domain/excerpt.ts';
import { type Database } from '../../store/postgres/database.ts';
import { listStopped } from '../../store/registry/serving-changes.ts';
import { singleFlight } from './single-flight.ts';
import { StopFile } from './stop-file.ts';

/**
 * The stops in the database and in the stop file of this server. While Postgres is down, the stops that were read last stay
 * in force.
 */
export class ServingStops {
  readonly file: StopFile;
  readonly #database: Database;
  #stopped = new Map<string, Date>();

  /** Reads the stops from the database now. It does not wait for versions that are being loaded. */
  readonly refresh = singleFlight(() => this.#refresh());

  constructor(database: Database, stopFile: string | undefined, logger: FastifyBaseLogger) {
    this.#database = database;
    this.file = new StopFile(stopFile, logger);
  }

  /**
   * Refuses to answer for a model that is stopped. The message says neither who stopped it nor why, because everybody who
   * asks for a prediction can read it.
   *
   * @throws TidegateError MODEL_STOPPED
   */
  check(model: string): void {
    if (this.file.stops(model)) {
      throw new TidegateError(
        'MODEL_STOPPED',
        `predictions of ${excerpt(model)} are stopped by a file on the server`,
        {
          remedy:
            'Remove the model from the stop file of the server, or the file itself, when it may answer again.',
        },
      );
    }
    const since = this.#stopped.get(model);
    if (since) {
      throw new TidegateError(
        'MODEL_STOPPED',
        `predictions of ${model} have been stopped since ${since.toISOString()}`,
      );
    }
  }

  async #refresh(): Promise<void> {
    const stopped = await listStopped(this.#database);
    this.#stopped = new Map(stopped.map(({ model, at }) => [model, at]));
  }
}
