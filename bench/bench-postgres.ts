// Starts a temporary Postgres for a bench, in a folder that is removed afterwards.
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../cli/local/processes/free-port.ts';
import { startPostgres } from '../cli/local/postgres.ts';
import { type Database, openDatabase } from '../store/postgres/database.ts';

/** A temporary database with its folder. */
export interface BenchPostgres {
  readonly database: Database;
  /** Folder for files of the bench; those of Postgres are in a subfolder. */
  readonly folder: string;
  /** Closes the connections, stops the server and removes the folder. */
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
  // If started by root, Postgres runs as another user, who must be able to enter the folder.
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
