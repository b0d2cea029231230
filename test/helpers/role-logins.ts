// A migrated database with its roles, opened as each of them.
import { type Database, openDatabase } from '../../store/postgres/database.ts';
import { applyRoles, makeLogins, type RoleNames } from '../../store/postgres/roles.ts';

/** Addresses with which the processes of a database connect. */
export interface RoleLogins {
  readonly names: RoleNames;
  readonly api: string;
  readonly worker: string;
}

/** Makes the roles of a migrated database, and a login for the API and for the worker. */
export async function makeRoleLogins(database: Database): Promise<RoleLogins> {
  const { names } = await applyRoles(database);
  const login = (role: 'api' | 'worker'): string => {
    const url = new URL(database.url);
    url.username = `${names[role]}_login`;
    url.password = `secret of ${role}`;
    return url.href;
  };
  const logins = { api: login('api'), worker: login('worker') };
  await makeLogins(database, logins);
  return { names, ...logins };
}

/** Opens a database as the API and as the worker. */
export function openAs({ api, worker }: RoleLogins): { readonly api: Database; readonly worker: Database } {
  return { api: openDatabase(api, { max: 4 }), worker: openDatabase(worker, { max: 8 }) };
}
