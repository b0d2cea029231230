// Checks that the processes connect with separate logins that have no more rights than they need.
import { type Database } from '../../../store/postgres/database.ts';
import { findMissingRoles } from '../../../store/postgres/roles.ts';
import { type Finding } from './examine-model.ts';

const about = 'database roles';
const remedy = 'Give API and workers logins of their own: docs/security.md says how.';

interface Login {
  readonly application: 'tidegate-api' | 'tidegate-worker';
  readonly login: string;
  readonly isOwner: boolean;
  readonly mayGrant: boolean;
  readonly mayMove: boolean;
}

/**
 * Says which separation of database roles is missing: roles that were not made, processes that run now with the rights of the
 * owner or with each other's login, and other logins that may insert grants. Warnings only, because a single login works.
 *
 * @param prefix beginning of the names of the roles. @default derived from the name of the database
 */
export async function examineRoles(database: Database, prefix?: string): Promise<Finding[]> {
  const { names, byAdmin, byOwner } = await findMissingRoles(database, prefix);
  const missing = byAdmin.length + byOwner.length;
  if (missing > 0) {
    return [
      warning(
        `the database roles ${names.owner}, ${names.api}, ${names.worker} and ${names.reader} are incomplete`,
        'Run `tidegate migrate`; if its login may not make roles, an administrator runs what `tidegate migrate --print-roles` prints.',
      ),
    ];
  }
  const { rows } = await database.pool.query<Login>(
    `select distinct a.application_name as application, r.rolname as login,
       r.rolsuper or pg_has_role(r.oid, $1, 'usage') as "isOwner",
       has_table_privilege(r.oid, 'tidegate.action_grant', 'insert') as "mayGrant",
       has_table_privilege(r.oid, 'tidegate.evidence', 'insert') as "mayMove"
     from pg_stat_activity a join pg_roles r on r.oid = a.usesysid
     where a.datname = current_database() and a.application_name in ('tidegate-api', 'tidegate-worker') order by 1, 2`,
    [names.owner],
  );
  const found = [...rows.flatMap(problemOf), ...(await strangers(database, names.api, names.owner))];
  return found.length > 0
    ? found.map((words) => warning(words))
    : [{ about, kind: 'ok', words: 'are separate' }];
}

const warning = (words: string, what = remedy): Finding => ({ about, kind: 'warning', words, remedy: what });

function problemOf({ application, login, isOwner, mayGrant, mayMove }: Login): string[] {
  const process = application === 'tidegate-api' ? 'the API' : 'a worker';
  if (isOwner) return [`${process} connects as ${login}, which can change tables and triggers`];
  if (process === 'a worker' && mayGrant) return [`a worker connects as ${login}, which may insert grants`];
  if (process === 'the API' && mayMove) return [`the API connects as ${login}, which may move versions`];
  return [];
}

/** Logins beyond the API and the owner that may insert a grant. */
async function strangers(database: Database, api: string, owner: string): Promise<string[]> {
  const { rows } = await database.pool.query<{ login: string }>(
    `select rolname as login from pg_roles
     where rolcanlogin and not rolsuper and not pg_has_role(oid, $1, 'member') and not pg_has_role(oid, $2, 'member')
       and has_table_privilege(oid, 'tidegate.action_grant', 'insert') order by 1`,
    [api, owner],
  );
  return rows.map(({ login }) => `${login} may insert grants, but it is not a login of the API`);
}
