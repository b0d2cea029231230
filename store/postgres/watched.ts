// What a piece of work holds and does, so that whoever watches it can tell that it advances.
import { AsyncLocalStorage } from 'node:async_hooks';
import type pg from 'pg';

interface Socket {
  readonly bytesRead: number;
  readonly bytesWritten: number;
  destroy(): void;
}

/** The socket below a client of pg. */
export const socketOf = (client: pg.ClientBase): Socket | undefined =>
  (client as unknown as { readonly connection?: { readonly stream?: Socket } }).connection?.stream;

/** One piece of work, with the connections that it holds now. */
export class Watched {
  readonly #clients = new Set<pg.PoolClient>();
  #given = 0;
  #elsewhere = 0;

  /** Notes that the work holds a connection until {@link gaveBack}. */
  took(client: pg.PoolClient): void {
    this.#clients.add(client);
    this.#given += 1;
  }

  /** Notes that a connection went back to its pool. */
  gaveBack(client: pg.PoolClient): void {
    this.#clients.delete(client);
    this.#given += 1;
  }

  /** Runs what advances out of sight of the connections: in a thread, or in another run that is watched itself. */
  async elsewhere<T>(work: () => Promise<T>): Promise<T> {
    this.#elsewhere += 1;
    try {
      return await work();
    } finally {
      this.#elsewhere -= 1;
    }
  }

  /** Whether something of it advances elsewhere now. */
  get isElsewhere(): boolean {
    return this.#elsewhere > 0;
  }

  /** Differs from one look to the next if connections came or went, or bytes went over those that it holds. */
  get mark(): string {
    let bytes = 0;
    for (const client of this.#clients) {
      const socket = socketOf(client);
      if (socket) bytes += socket.bytesRead + socket.bytesWritten;
    }
    return `${this.#given}/${bytes}`;
  }

  /** The server's processes behind the connections that it holds. */
  get backends(): number[] {
    return [...this.#clients].flatMap((client) => {
      const { processID } = client as pg.PoolClient & { readonly processID?: number | null };
      return processID ?? [];
    });
  }

  /** Cuts off the connections that it holds: what waits on them meets an error, and they are free. */
  cutOff(): void {
    for (const client of this.#clients) socketOf(client)?.destroy();
  }
}

/** The work that runs in the calling async context, if it is watched. */
export const watched = new AsyncLocalStorage<Watched>();

/** Runs what advances elsewhere, for whatever work calls. @example await whileElsewhere(() => pool.run('fit', input)) */
export const whileElsewhere = <T>(work: () => Promise<T>): Promise<T> =>
  watched.getStore()?.elsewhere(work) ?? work();
