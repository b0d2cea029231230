// Tells open pages that something changed, by server-sent events.
import { PassThrough } from 'node:stream';
import { sql } from 'kysely';
import { z } from 'zod';
import { type Database } from '../../store/postgres/database.ts';
import { type ApiDeps, type App } from '../context/types.ts';
import { storableText } from '../schemas/common.ts';

/** How often the database is asked while a page is open, in milliseconds. */
const EVERY_MS = 1_000;

/** How often an open connection is kept from looking dead, in milliseconds. */
const KEEP_ALIVE_MS = 15_000;

/** How many pages a process serves at the same time; further ones are shown, but do not follow changes. */
const MAX_FOLLOWING = 500;

/** `GET /ui/live`: an event `changed` whenever a model, or any model, has a new move, decision, comment or report. */
export function liveRoute(app: App, { database, logger }: ApiDeps): void {
  const changes = new Changes(database, (error) => logger.debug({ err: error }, 'changes could not be read'));
  app.addHook('onClose', async () => changes.close());

  app.get(
    '/ui/live',
    { schema: { hide: true, querystring: z.object({ model: storableText(200).optional() }) } },
    (request, reply) => {
      const stream = new PassThrough();
      if (changes.following >= MAX_FOLLOWING) return reply.status(204).send();
      const unfollow = changes.follow(() => stream.write('event: changed\ndata:\n\n'));
      const beat = setInterval(() => stream.write(':\n\n'), KEEP_ALIVE_MS);
      const end = (): void => {
        clearInterval(beat);
        unfollow();
        stream.end();
      };
      request.raw.on('close', end);
      changes.onClose(end);
      stream.write('retry: 3000\n\n');
      return reply
        .headers({
          'content-type': 'text/event-stream',
          'cache-control': 'no-store',
          'x-accel-buffering': 'no',
        })
        .serializer((body: PassThrough) => body as unknown as string)
        .send(stream);
    },
  );
}

/** Looks for changes once a second for all pages together, and only while a page is open. */
class Changes {
  readonly #database: Database;
  readonly #failed: (error: unknown) => void;
  readonly #followers = new Set<() => void>();
  readonly #ends = new Set<() => void>();
  #timer: NodeJS.Timeout | undefined;
  #seen: string | undefined;

  constructor(database: Database, failed: (error: unknown) => void) {
    this.#database = database;
    this.#failed = failed;
  }

  get following(): number {
    return this.#followers.size;
  }

  /** @returns a function that ends it */
  follow(changed: () => void): () => void {
    this.#followers.add(changed);
    this.#timer ??= setTimeout(() => void this.#look(), 0);
    return () => void this.#followers.delete(changed);
  }

  /** Calls `end` when the process stops, because an open page would keep its connection open. */
  onClose(end: () => void): void {
    this.#ends.add(end);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#followers.clear();
    for (const end of this.#ends) end();
  }

  async #look(): Promise<void> {
    try {
      const state = await newestOf(this.#database);
      if (this.#seen !== undefined && state !== this.#seen) for (const changed of this.#followers) changed();
      this.#seen = state;
    } catch (error) {
      this.#failed(error);
    }
    this.#timer = this.#followers.size > 0 ? setTimeout(() => void this.#look(), EVERY_MS) : undefined;
    if (this.#timer === undefined) this.#seen = undefined;
  }
}

/** The newest number of each table that pages show; any change of it is a change of a page. */
async function newestOf({ kysely }: Database): Promise<string> {
  const { rows } = await sql<{ state: string }>`
    select concat_ws('/', (select max(id) from tidegate.transition), (select max(id) from tidegate.decision),
      (select max(id) from tidegate.version_comment), (select max(id) from tidegate.serving_change),
      (select max(report_id) from tidegate.report_figures)) as state`.execute(kysely);
  return rows[0]?.state ?? '';
}
