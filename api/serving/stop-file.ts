// A file on the server that stops predictions even if Postgres and Temporal are down.
import { readFile } from 'node:fs/promises';
import { type FastifyBaseLogger } from 'fastify';

/** How often the file is read, in milliseconds: a stop must work within a second. */
const EVERY_MS = 250;

/** More than this many characters are not read as a list of models. */
const MAX_LENGTH = 100_000;

/**
 * Follows a stop file. While the file exists, the models that it lists, one on each line, answer no predictions; a file that
 * lists none stops all models, and so does one that cannot be read.
 */
export class StopFile {
  readonly #path: string | undefined;
  readonly #logger: FastifyBaseLogger;
  #models: ReadonlySet<string> | 'all' = new Set();
  #timer: NodeJS.Timeout | undefined;
  #state = '';

  /** @param path of the file; without one, nothing is stopped by a file */
  constructor(path: string | undefined, logger: FastifyBaseLogger) {
    this.#path = path;
    this.#logger = logger;
  }

  /** Reads the file now, and from then on four times a second. */
  async start(): Promise<void> {
    await this.#read();
    const next = (): void => {
      this.#timer = setTimeout(() => void this.#read().then(next), EVERY_MS);
    };
    if (this.#path !== undefined) next();
  }

  /** Whether the file stops any model. */
  get isActive(): boolean {
    return this.#models === 'all' || this.#models.size > 0;
  }

  /** Whether the file stops a model. */
  stops(model: string): boolean {
    return this.#models === 'all' || this.#models.has(model);
  }

  /** Stops reading the file. */
  close(): void {
    clearTimeout(this.#timer);
  }

  async #read(): Promise<void> {
    if (this.#path === undefined) return;
    this.#models = await readStops(this.#path);
    const state = this.#models === 'all' ? 'all models' : [...this.#models].sort().join(', ');
    if (state === this.#state) return;
    this.#state = state;
    if (state === '') this.#logger.warn({ file: this.#path }, 'no model is stopped by the file any more');
    else this.#logger.warn({ file: this.#path, stopped: state }, 'predictions are stopped by a file');
  }
}

async function readStops(path: string): Promise<ReadonlySet<string> | 'all'> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // If the path names something that cannot be read, somebody has put it there in order to stop predictions.
    return code === 'ENOENT' || code === 'ENOTDIR' ? new Set() : 'all';
  }
  const models = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  return models.length === 0 || text.length > MAX_LENGTH ? 'all' : new Set(models);
}
