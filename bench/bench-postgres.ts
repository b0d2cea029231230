// A Postgres of a bench's own, in a folder that goes with it.
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../cli/local/processes/free-port.ts';
import { startPostgres } from '../cli/local/postgres.ts';
import { type Database, openDatabase } from '../store/postgres/database.ts';

/** What a bench works on. */
export interface BenchPostgres {
  readonly database: Database;
  /** For files of the bench; Postgres' own are below it. */
  readonly folder: string;
  /** Ends both and removes the folder. */
  readonly drop: () => Promise<void>;
}

/**
 * Starts a server with an empty database.
 *
 * @param durable whether commits wait for the disk
 * @example const { database, drop } = await benchPostgres({ durable: true });
 */
export async function benchPostgres({ durable }: { readonly durable: boolean }): Promise<BenchPostgres> {
  const folder = await mkdtemp(join(tmpdir(), 'tidegate-bench-'));
  // As root, Postgres runs as another user and must be able to enter.
  await chmod(folder, 0o711);
  const server = await startPostgres({
    dataDir: join(folder, 'postgres'),
    port: await freePort(),
    database: 'bench',
    durable,
    log: () => undefined,
  });
  const database = openDatabase(server.url);
  return {
    database,
    folder,
    drop: async () => {
      await database.close();
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
