// Listens for NOTIFY on its own connection, and reconnects if the connection is lost.
import { setTimeout as delay } from 'node:timers/promises';
import { type FastifyBaseLogger } from 'fastify';
import pg from 'pg';
import { type Database, openClient } from '../../store/postgres/database.ts';

/** Options of {@link listenToChannels}. */
export interface ChannelListenerOptions {
  readonly database: Database;
  readonly channels: readonly string[];
  /** Called for each message, and each time listening starts, because earlier messages may have been missed. */
  readonly onSignal: () => void;
  readonly logger: FastifyBaseLogger;
  /** Name of the connection in pg_stat_activity. @default 'tidegate-listen' */
  readonly name?: string;
  /** How long to wait before reconnecting, in milliseconds. @default 1000 */
  readonly reconnectMs?: number;
}

/**
 * Listens until it is stopped. A lost connection is not an error, because the caller polls as well.
 *
 * @returns a function that stops listening
 */
export function listenToChannels({
  database,
  channels,
  onSignal,
  logger,
  name = 'tidegate-listen',
  reconnectMs = 1_000,
}: ChannelListenerOptions): () => Promise<void> {
  const stop = new AbortController();

  const listenOnce = async (): Promise<void> => {
    const client = await openClient(database, { application_name: name, keepAlive: true });
    if (database.sessions.kind === 'shared') {
      await client.end();
      logger.info(
        'cannot listen for changes, because a pooler may run each transaction in a different session; polling instead',
      );
      stop.abort();
      return;
    }
    // Removes the listener below with each connection, because an outage may cause thousands of reconnects.
    const listening = new AbortController();
    const lost = new Promise<void>((resolve) => {
      client.once('end', resolve);
      // Stays attached, because a second error without a listener would end the process.
      client.on('error', () => resolve());
      stop.signal.addEventListener('abort', () => resolve(), { signal: listening.signal });
      // Listening may have been stopped while it connected.
      if (stop.signal.aborted) resolve();
    });
    try {
      for (const channel of channels) await client.query(`listen ${pg.escapeIdentifier(channel)}`);
      client.on('notification', onSignal);
      onSignal();
      await lost;
    } finally {
      listening.abort();
      await client.end().catch(() => undefined);
    }
  };

  const run = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      await listenOnce().catch((error: unknown) => logger.debug({ err: error }, 'cannot listen to Postgres'));
      await delay(reconnectMs, undefined, { signal: stop.signal }).catch(() => undefined);
    }
  };

  const finished = run();
  return () => {
    stop.abort();
    return finished;
  };
}
