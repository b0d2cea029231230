// Which installation this database is, and in whose place it stands.
import { type Database } from './database.ts';

/** An installation: one database, and the schedules and runs that carry its id. */
export interface Installation {
  readonly id: string;
  /** Ids of installations in whose place this one stands, since it was restored. */
  readonly adopted: readonly string[];
}

/** Reads which installation a database is. */
export async function readInstallation({ kysely }: Database): Promise<Installation> {
  const { id } = await kysely.selectFrom('tidegate.installation').select('id').executeTakeFirstOrThrow();
  const adopted = await kysely
    .selectFrom('tidegate.adopted_installation')
    .select('id')
    .orderBy('id')
    .execute();
  return { id, adopted: adopted.map((row) => row.id) };
}

/** Records that this installation stands in the place of another; a repeated call changes nothing. */
export async function recordAdoption(database: Database, id: string, adoptedBy: string): Promise<void> {
  await database.kysely
    .insertInto('tidegate.adopted_installation')
    .values({ id, adopted_by: adoptedBy })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** Whether something that carries this id belongs to the installation. */
export const belongsTo = ({ id, adopted }: Installation, owner: string): boolean =>
  owner === id || adopted.includes(owner);
