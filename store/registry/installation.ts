// The identity of this database as an installation, the installations it replaces, and whether it is a copy.
import { sql } from 'kysely';
import { TidegateError } from '../../domain/errors.ts';
import { type Database } from '../postgres/database.ts';

/** An installation: one database, and the schedules and runs that are marked with its id. */
export interface Installation {
  readonly id: string;
  /** Ids of installations that this one replaces, because it was restored from a backup. */
  readonly adopted: readonly string[];
}

/** Reads the identity of a database. */
export async function readInstallation({ kysely }: Database): Promise<Installation> {
  const { id } = await kysely.selectFrom('tidegate.installation').select('id').executeTakeFirstOrThrow();
  const adopted = await kysely
    .selectFrom('tidegate.adopted_installation')
    .select('id')
    .orderBy('id')
    .execute();
  return { id, adopted: adopted.map((row) => row.id) };
}

/**
 * Reads the identity of a database and refuses a copy, because original and copy would have the same id.
 *
 * @throws TidegateError FOREIGN_INSTALLATION until the copy is confirmed with `tidegate adopt`
 */
export async function requireInstallation(database: Database): Promise<Installation> {
  const installation = await readInstallation(database);
  const { rows } = await sql<{ moved: boolean }>`
    select home is not null and not exists (select from tidegate.installation_home h where h.home = current.home) as moved
    from (select tidegate.current_home() as home) current`.execute(database.kysely);
  if (!rows[0]?.moved) return installation;
  throw new TidegateError(
    'FOREIGN_INSTALLATION',
    `this database is a copy of the installation ${installation.id}, or was restored or upgraded on another server`,
    {
      remedy:
        'If the original still runs, give this one a namespace of its own (TEMPORAL_NAMESPACE) first. ' +
        `Then: \`tidegate adopt ${installation.id}\`.`,
    },
  );
}

/**
 * Records that this installation replaces another; if `id` is its own id, records the server on which it runs now. A
 * repeated call changes nothing.
 */
export async function recordAdoption(database: Database, id: string, adoptedBy: string): Promise<void> {
  const { id: own } = await readInstallation(database);
  if (id === own) {
    await sql`
      insert into tidegate.installation_home (home, recorded_by)
      select tidegate.current_home(), ${adoptedBy} where tidegate.current_home() is not null
      on conflict do nothing`.execute(database.kysely);
    return;
  }
  await database.kysely
    .insertInto('tidegate.adopted_installation')
    .values({ id, adoptedBy })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** Whether something marked with the id `owner` belongs to the installation. */
export const belongsTo = ({ id, adopted }: Installation, owner: string): boolean =>
  owner === id || adopted.includes(owner);
