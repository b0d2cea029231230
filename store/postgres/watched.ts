// Tracks the connections of a piece of work, so that an observer can tell whether the work advances.
import { AsyncLocalStorage } from 'node:async_hooks';
import type pg from 'pg';

interface Socket {
  readonly bytesRead: number;
  readonly bytesWritten: number;
  destroy(): void;
}

/** The socket of a pg client. */
export const socketOf = (client: pg.ClientBase): Socket | undefined =>
  (client as unknown as { readonly connection?: { readonly stream?: Socket } }).connection?.stream;

/** One piece of work, with the connections that it uses now. */
export class Watched {
  readonly #clients = new Set<pg.PoolClient>();
  #given = 0;
  #elsewhere = 0;

  /** Records that the work took a connection, until {@link gaveBack}. */
  took(client: pg.PoolClient): void {
    this.#clients.add(client);
    this.#given += 1;
  }

  /** Records that a connection went back to its pool. */
  gaveBack(client: pg.PoolClient): void {
    this.#clients.delete(client);
    this.#given += 1;
  }

  /** Runs work whose progress the connections do not show: in a thread, or in another run that is watched itself. */
  async elsewhere<T>(work: () => Promise<T>): Promise<T> {
    this.#elsewhere += 1;
    try {
      return await work();
    } finally {
      this.#elsewhere -= 1;
    }
  }

  /** Whether part of the work is running elsewhere now. */
  get isElsewhere(): boolean {
    return this.#elsewhere > 0;
  }

  /** Changes whenever a connection is taken or returned, or bytes are read or written on one of them. */
  get mark(): string {
    let bytes = 0;
    for (const client of this.#clients) {
      const socket = socketOf(client);
      if (socket) bytes += socket.bytesRead + socket.bytesWritten;
    }
    return `${this.#given}/${bytes}`;
  }

  /** Ids of the server processes that serve these connections. */
  get backends(): number[] {
    return [...this.#clients].flatMap((client) => {
      const { processID } = client as pg.PoolClient & { readonly processID?: number | null };
      return processID ?? [];
    });
  }

  /** Closes the connections by force: statements that wait on them fail, and the pool gets their places back. */
  cutOff(): void {
    for (const client of this.#clients) socketOf(client)?.destroy();
  }
}

/** The work that runs in the calling async context, if it is watched. */
export const watched = new AsyncLocalStorage<Watched>();

/** Marks the current work, if it is watched, as running elsewhere. @example await whileElsewhere(() => pool.run('fit', input)) */
export const whileElsewhere = <T>(work: () => Promise<T>): Promise<T> =>
  watched.getStore()?.elsewhere(work) ?? work();
