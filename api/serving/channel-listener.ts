// Hears NOTIFY on a connection of its own, and connects again when it is lost.
import { setTimeout as delay } from 'node:timers/promises';
import { type FastifyBaseLogger } from 'fastify';
import pg from 'pg';
import { type Database, openClient } from '../../store/postgres/database.ts';

/** What a listener is made of. */
export interface ChannelListenerOptions {
  readonly database: Database;
  readonly channels: readonly string[];
  /** Called for each message, and each time listening began: messages may have been missed before. */
  readonly onSignal: () => void;
  readonly logger: FastifyBaseLogger;
  /** How long to wait before connecting again, in milliseconds. @default 1000 */
  readonly reconnectMs?: number;
}

/**
 * Listens until it is closed. Losing the connection is no error: whoever uses it polls as well.
 *
 * @returns a function that stops listening
 */
export function listenToChannels({
  database,
  channels,
  onSignal,
  logger,
  reconnectMs = 1_000,
}: ChannelListenerOptions): () => Promise<void> {
  const stop = new AbortController();

  const listenOnce = async (): Promise<void> => {
    const client = await openClient(database, { application_name: 'tidegate-listen', keepAlive: true });
    if (database.sessions.kind === 'shared') {
      await client.end();
      logger.info(
        'a pooler gives each transaction to another session: changes are polled for, and not listened to',
      );
      stop.abort();
      return;
    }
    // Ends with this connection, of which an outage may see thousands.
    const listening = new AbortController();
    const lost = new Promise<void>((resolve) => {
      client.once('end', resolve);
      // Stays attached: a second error without a listener would end the process.
      client.on('error', () => resolve());
      stop.signal.addEventListener('abort', () => resolve(), { signal: listening.signal });
      // It may have been stopped while it connected.
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
