// The database roles of an installation: makes them, gives them their privileges, and gives logins to the processes.
import { createHash } from 'node:crypto';
import pg, { type ClientBase } from 'pg';
import { TidegateError } from '../../domain/errors.ts';
import { inTransaction } from './database.ts';
import { type Database } from './database.ts';
import { MIGRATION_LOCK } from './migrate.ts';
import { type DatabaseRole, LIMITED_ROLES, listPrivileges, type Privilege } from './privileges.ts';

/** The name of each role on the server. */
export type RoleNames = Readonly<Record<DatabaseRole, string>>;

/** Postgres cuts longer names, and the longest ending is `_worker`. */
const MAX_PREFIX = 63 - '_worker'.length;

const PREFIX = /^[a-z_][a-z0-9_]*$/;

/**
 * Returns the names of the roles. Roles belong to the whole server, so they carry the name of the database: two
 * installations on one server share none.
 *
 * @param prefix replaces the beginning that is derived from the name of the database
 * @throws TidegateError BAD_CONFIG if the prefix is not a name
 * @example roleNames('churn').worker // 'tidegate_churn_worker'; of the database `tidegate`: 'tidegate_worker'
 */
export function roleNames(database: string, prefix?: string): RoleNames {
  if (
    prefix !== undefined &&
    (!PREFIX.test(prefix) || prefix.length > MAX_PREFIX || prefix.startsWith('pg_'))
  ) {
    throw new TidegateError(
      'BAD_CONFIG',
      `TIDEGATE_DATABASE_ROLES must be at most ${MAX_PREFIX} characters: lower-case letters, digits and "_"`,
    );
  }
  const start = prefix ?? derivedPrefix(database);
  return {
    owner: `${start}_owner`,
    api: `${start}_api`,
    worker: `${start}_worker`,
    reader: `${start}_reader`,
  };
}

function derivedPrefix(database: string): string {
  if (database === 'tidegate') return 'tidegate';
  const whole = `tidegate_${database}`;
  if (PREFIX.test(whole) && whole.length <= MAX_PREFIX) return whole;
  // Two databases whose names differ only in characters that are replaced, or at their ends, must not share roles.
  const mark = createHash('sha256').update(database).digest('hex').slice(0, 8);
  const readable = whole.toLowerCase().replaceAll(/[^a-z0-9_]/g, '_');
  return `${readable.slice(0, MAX_PREFIX - mark.length - 1)}_${mark}`;
}

/** The statements that are missing until the roles are as they should be. */
export interface RolePlan {
  readonly names: RoleNames;
  /** Only a superuser, or a role that may create roles, can run these. */
  readonly byAdmin: readonly string[];
  /** The role that migrates can run these once the roles exist. */
  readonly byOwner: readonly string[];
}

/** What happened to the roles during a migration. */
export interface AppliedRoles {
  readonly names: RoleNames;
  /** Number of statements that were run. */
  readonly ran: number;
  /** Statements that this login may not run; the roles are incomplete until a person has run them. */
  readonly missing: readonly string[];
}

const quote = pg.escapeIdentifier;

/** Makes the roles and their privileges as far as this login may. Running it again changes nothing. */
export async function applyRoles(database: Database, prefix?: string): Promise<AppliedRoles> {
  return inTransaction(database, async (client) => {
    await client.query('select pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
    const plan = await planRoles(client, prefix);
    const ran = [];
    for (const part of [plan.byAdmin, plan.byOwner]) {
      if (!(await runs(client, part))) {
        return {
          names: plan.names,
          ran: ran.length,
          missing: [...plan.byAdmin, ...plan.byOwner].slice(ran.length),
        };
      }
      ran.push(...part);
    }
    return { names: plan.names, ran: ran.length, missing: [] };
  });
}

/** Runs all statements or none. @returns false if this login may not run one of them */
async function runs(client: ClientBase, statements: readonly string[]): Promise<boolean> {
  await client.query('savepoint roles');
  try {
    for (const statement of statements) await client.query(statement);
    return true;
  } catch (error) {
    if ((error as { code?: string }).code !== INSUFFICIENT_PRIVILEGE) throw error;
    await client.query('rollback to savepoint roles');
    return false;
  }
}

const INSUFFICIENT_PRIVILEGE = '42501';

/** Returns what is missing, without changing anything. */
export const findMissingRoles = (database: Database, prefix?: string): Promise<RolePlan> =>
  inTransaction(database, (client) => planRoles(client, prefix));

async function planRoles(client: ClientBase, prefix: string | undefined): Promise<RolePlan> {
  const { rows } = await client.query<{ database: string; login: string; known: string[] }>(
    `select current_database() as database, current_user as login,
            array(select rolname::text from pg_roles) as known`,
  );
  const { database, login, known } = rows[0]!;
  const names = roleNames(database, prefix);
  const isNew = (role: DatabaseRole): boolean => !known.includes(names[role]);
  const roles = Object.keys(names) as DatabaseRole[];
  return {
    names,
    byAdmin: [
      ...roles.filter(isNew).map((role) => `create role ${quote(names[role])} nologin`),
      ...(await missingMembership(client, login, names.owner, isNew('owner'))),
      // Only for new roles: what an administrator takes away later stays away.
      ...(['api', 'worker'] as const).filter(isNew).flatMap((role) => [
        // Source tables, whoever creates them; and since when other sessions write, for the instant up to which labels count.
        `grant pg_read_all_data, pg_read_all_stats to ${quote(names[role])}`,
      ]),
    ],
    byOwner: [
      ...(await missingOwnership(client, names.owner)),
      ...(await missingUsage(client, database, names, isNew)),
      ...(await missingPrivileges(client, names)),
    ],
  };
}

/** The login that migrates must be a member of the owner to keep its rights on what it has made. */
async function missingMembership(
  client: ClientBase,
  login: string,
  owner: string,
  isNew: boolean,
): Promise<string[]> {
  const statement = `grant ${quote(owner)} to ${quote(login)}`;
  if (isNew) return [statement];
  const { rows } = await client.query<{ member: boolean }>(
    `select pg_has_role(current_user, $1, 'usage') as member`,
    [owner],
  );
  return rows[0]?.member === true ? [] : [statement];
}

async function missingOwnership(client: ClientBase, owner: string): Promise<string[]> {
  const { rows } = await client.query<{ statement: string }>(
    `select format('alter schema tidegate owner to %I', $1::text) as statement
     from pg_namespace where nspname = 'tidegate' and pg_get_userbyid(nspowner) <> $1
     union all
     select format('alter %s tidegate.%I owner to %I', case relkind when 'S' then 'sequence' when 'v' then 'view'
       when 'm' then 'materialized view' else 'table' end, relname, $1::text)
     from pg_class c
     where relnamespace = 'tidegate'::regnamespace and relkind in ('r', 'p', 'v', 'm', 'S')
       and pg_get_userbyid(relowner) <> $1
       and not exists (select from pg_depend d where d.objid = c.oid and d.classid = 'pg_class'::regclass
                       and c.relkind = 'S' and d.deptype in ('a', 'i'))
     union all
     select format('alter function %s owner to %I', oid::regprocedure, $1::text)
     from pg_proc where pronamespace = 'tidegate'::regnamespace and pg_get_userbyid(proowner) <> $1`,
    [owner],
  );
  return rows.map(({ statement }) => statement);
}

async function missingUsage(
  client: ClientBase,
  database: string,
  names: RoleNames,
  isNew: (role: DatabaseRole) => boolean,
): Promise<string[]> {
  const statements: string[] = [];
  for (const role of LIMITED_ROLES) {
    const name = names[role];
    const { rows } = await client.query<{ usage: boolean; connects: boolean; temporary: boolean }>(
      isNew(role)
        ? `select false as usage, has_database_privilege('public', current_database(), 'connect') as connects,
             has_database_privilege('public', current_database(), 'temporary') as temporary`
        : `select has_schema_privilege($1::text, 'tidegate', 'usage') as usage,
             has_database_privilege($1::text, current_database(), 'connect') as connects,
             has_database_privilege($1::text, current_database(), 'temporary') as temporary`,
      isNew(role) ? [] : [name],
    );
    const { usage, connects, temporary } = rows[0]!;
    if (!usage) statements.push(`grant usage on schema tidegate to ${quote(name)}`);
    if (!connects) statements.push(`grant connect on database ${quote(database)} to ${quote(name)}`);
    // The worker makes temporary tables while it joins.
    if (!temporary && role !== 'reader') {
      statements.push(`grant temporary on database ${quote(database)} to ${quote(name)}`);
    }
  }
  return statements;
}

/** Takes away what the table of privileges does not give, and gives what is missing. */
async function missingPrivileges(client: ClientBase, names: RoleNames): Promise<string[]> {
  const wanted = new Map(listPrivileges().map((privilege) => [JSON.stringify(sorted(privilege)), privilege]));
  const actual = new Map(
    (await readPrivileges(client, names)).map((each) => [JSON.stringify(sorted(each)), each] as const),
  );
  const { rows } = await client.query<{ relation: string }>(
    `select relname as relation from pg_class where relnamespace = to_regnamespace('tidegate')`,
  );
  // A release before this one may lack a table that is listed.
  const exists = ({ relation }: Privilege): boolean => rows.some((row) => row.relation === relation);
  const target = ({ kind, relation }: Privilege): string =>
    `${kind === 'table' ? '' : 'sequence '}tidegate.${quote(relation)}`;
  const what = ({ privilege, column }: Privilege): string =>
    column === null ? privilege : `${privilege} (${quote(column)})`;
  return [
    ...[...actual]
      .filter(([key]) => !wanted.has(key))
      .map(([, each]) => `revoke ${what(each)} on ${target(each)} from ${quote(names[each.role])}`),
    ...[...wanted]
      .filter(([key, each]) => !actual.has(key) && exists(each))
      .map(([, each]) => `grant ${what(each)} on ${target(each)} to ${quote(names[each.role])}`),
  ];
}

const sorted = ({ role, kind, relation, column, privilege }: Privilege) => [
  role,
  kind,
  relation,
  column,
  privilege,
];

/** Reads from the catalogue which privileges the roles have been given on tables, columns and sequences. */
export async function readPrivileges(
  client: Pick<ClientBase, 'query'>,
  names: RoleNames,
): Promise<Privilege[]> {
  const { rows } = await client.query<Omit<Privilege, 'role'> & { grantee: string }>(
    `with acl as (
       select relname, relkind, null::name as attname, a.* from pg_class, aclexplode(relacl) a
       where relnamespace = to_regnamespace('tidegate') and relkind in ('r', 'p', 'v', 'm', 'S')
       union all
       select relname, relkind, attname, a.*
       from pg_class c join pg_attribute on attrelid = c.oid, aclexplode(attacl) a
       where relnamespace = to_regnamespace('tidegate') and attnum > 0 and not attisdropped
     )
     select pg_get_userbyid(grantee) as grantee, case relkind when 'S' then 'sequence' else 'table' end as kind,
       relname as relation, attname as column, lower(privilege_type) as privilege
     from acl where grantee <> 0 and pg_get_userbyid(grantee) = any ($1)`,
    [LIMITED_ROLES.map((role) => names[role])],
  );
  const roleOf = (grantee: string) => LIMITED_ROLES.find((role) => names[role] === grantee)!;
  return rows.map(({ grantee, ...privilege }) => ({ role: roleOf(grantee), ...privilege }));
}

/**
 * Makes the logins of the API and of the worker that the two addresses name, with their passwords, or sets the passwords of
 * logins that exist.
 *
 * @throws TidegateError BAD_CONFIG if an address has no user or password, or names a superuser or an owner
 * @throws TidegateError DATABASE_PERMISSION if this login may not make logins
 */
export async function makeLogins(
  database: Database,
  addresses: Readonly<Partial<Record<'api' | 'worker', string>>>,
  prefix?: string,
): Promise<void> {
  await inTransaction(database, async (client) => {
    await client.query('select pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
    const { rows } = await client.query<{ name: string }>('select current_database() as name');
    const names = roleNames(rows[0]!.name, prefix);
    for (const [role, address] of Object.entries(addresses) as ['api' | 'worker', string][]) {
      await makeLogin(client, names, role, address);
    }
  });
}

async function makeLogin(
  client: ClientBase,
  names: RoleNames,
  role: 'api' | 'worker',
  address: string,
): Promise<void> {
  const url = new URL(address);
  const setting = `TIDEGATE_${role.toUpperCase()}_DATABASE_URL`;
  const login = decodeURIComponent(url.username);
  const password = decodeURIComponent(url.password);
  if (login === '' || password === '') {
    throw new TidegateError(
      'BAD_CONFIG',
      `${setting} has no user name or no password, so no login can be made`,
    );
  }
  const { rows } = await client.query<{ powerful: boolean }>(
    `select rolsuper or rolcreaterole or pg_has_role(rolname, $2, 'member') as powerful from pg_roles where rolname = $1`,
    [login, names.owner],
  );
  if (rows[0]?.powerful === true || Object.values(names).includes(login)) {
    throw new TidegateError(
      'BAD_CONFIG',
      `${setting} names ${login}, which has more rights than a process may have`,
      { remedy: `Name a login of its own in ${setting}, such as ${names[role]}_login.` },
    );
  }
  const verb = rows.length === 0 ? 'create' : 'alter';
  await client.query(`${verb} role ${quote(login)} login password ${pg.escapeLiteral(password)}`);
  const other = names[role === 'api' ? 'worker' : 'api'];
  await client.query(`grant ${quote(names[role])} to ${quote(login)}`);
  const { rows: members } = await client.query(
    `select from pg_auth_members where roleid = (select oid from pg_roles where rolname = $1)
       and member = (select oid from pg_roles where rolname = $2)`,
    [other, login],
  );
  if (members.length > 0) await client.query(`revoke ${quote(other)} from ${quote(login)}`);
}
