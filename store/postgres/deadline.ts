// Deadlines for Postgres: if a statement is not answered in time, its connection is closed.
import { type Duplex } from 'node:stream';
import type pg from 'pg';
import { TidegateError } from '../../domain/errors.ts';

// The server has the same limit and should cancel the statement first, which keeps the connection. So wait a bit longer.
const GRACE_MS = 500;

type Query = (...call: unknown[]) => unknown;

/**
 * Closes the connection if one of its statements is not answered in time, because a stopped server or a network that
 * drops packets sends no error. Every running statement then fails with DATABASE_TIMEOUT, and a pool replaces the
 * connection.
 *
 * @param withinMs milliseconds; the session has the same `statement_timeout`, which the server enforces
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
    // An object that drives the connection itself (a COPY) has its own deadline.
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
