// An end to every wait for Postgres: a statement that is not answered in time takes its connection with it.
import { type Duplex } from 'node:stream';
import type pg from 'pg';
import { TidegateError } from '../../domain/errors.ts';

// The server ends the statement first, if it still can: it has the same limit, and the connection is then kept.
const GRACE_MS = 500;

type Query = (...call: unknown[]) => unknown;

/**
 * Ends the connection if one of its statements is not answered in time: a server that is stopped, or a network that
 * swallows what is sent, says nothing that one could wait for. Every statement under way then fails with
 * DATABASE_TIMEOUT, and a pool replaces the connection.
 *
 * @param withinMs also the `statement_timeout` of the session, which the server keeps by itself
 */
export function limitStatements(client: pg.ClientBase, withinMs: number): void {
  const query = client.query.bind(client) as Query;
  const { stream } = (client as pg.ClientBase & { readonly connection: { readonly stream: Duplex } })
    .connection;
  const startClock = (): NodeJS.Timeout =>
    setTimeout(() => {
      stream.destroy(
        new TidegateError('DATABASE_TIMEOUT', `Postgres did not answer a statement within ${withinMs} ms`),
      );
    }, withinMs + GRACE_MS);

  client.query = ((...call: unknown[]): unknown => {
    // What speaks with the connection itself has an end of its own.
    if (typeof (call[0] as { submit?: unknown }).submit === 'function') return query(...call);
    const clock = startClock();
    const callback = call.at(-1);
    if (typeof callback === 'function') {
      return query(...call.slice(0, -1), (...answer: unknown[]) => {
        clearTimeout(clock);
        (callback as Query)(...answer);
      });
    }
    return (query(...call) as Promise<unknown>).finally(() => clearTimeout(clock));
  }) as typeof client.query;
}

/**
 * An answer, or DATABASE_TIMEOUT once its time is over, whatever it is that keeps it.
 *
 * @param what as the message names it: `the values of the entity`
 */
export async function withinTime<T>(withinMs: number, what: string, work: Promise<T>): Promise<T> {
  let clock: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    clock = setTimeout(
      () => reject(new TidegateError('DATABASE_TIMEOUT', `${what} were not read within ${withinMs} ms`)),
      withinMs,
    );
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(clock);
  }
}
