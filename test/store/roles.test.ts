// The database roles: what API and worker may write is in one table, and the database refuses everything else.
import { readdir, readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { examineRoles } from '../../cli/commands/doctor/examine-roles.ts';
import { tidegateMigrations } from '../../migrations/tidegate/index.ts';
import { type Database, openDatabase } from '../../store/postgres/database.ts';
import { migrate } from '../../store/postgres/migrate.ts';
import { postgresFailure } from '../../store/postgres/postgres-failure.ts';
import { listPrivileges, type Privilege, TABLE_ACCESS } from '../../store/postgres/privileges.ts';
import { applyRoles, findMissingRoles, makeLogins, readPrivileges } from '../../store/postgres/roles.ts';
import { consumeGrant, issueGrant } from '../../store/registry/grants.ts';
import { inKyselyTransaction } from '../../store/postgres/connections.ts';
import { removeUnusedRows } from '../../store/online/remove-unused-rows.ts';
import { moveToStaging } from '../../store/registry/stage-moves.ts';
import { rollBack } from '../../store/registry/roll-back.ts';
import { by, candidateModel, recordHolder } from '../helpers/candidates.ts';
import { createTestDatabase } from '../helpers/database.ts';
import { failureOf, sqlStateOf } from '../helpers/failures.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';
import { makeRoleLogins, openAs, type RoleLogins } from '../helpers/role-logins.ts';

let database: MigratedDatabase;
let logins: RoleLogins;
let as: { readonly api: Database; readonly worker: Database };
let staged: number;

beforeAll(async () => {
  database = await migratedDatabase();
  logins = await makeRoleLogins(database);
  as = openAs(logins);
  const model = await candidateModel(database, 'kept');
  await model.produce();
  staged = await model.register();
});
afterAll(async () => {
  await as.api.close();
  await as.worker.close();
  await database.drop();
});

const lines = (privileges: readonly Privilege[]): string[] =>
  privileges
    .map(({ role, privilege, relation, column }) => `${role}: ${privilege} ${relation}.${column ?? '*'}`)
    .toSorted();

test('the table of privileges lists every table, and the catalogue says the same', async () => {
  const { rows } = await database.pool.query<{ name: string }>(
    `select relname as name from pg_class where relnamespace = 'tidegate'::regnamespace and relkind in ('r', 'p', 'v', 'm')`,
  );
  expect(Object.keys(TABLE_ACCESS).toSorted()).toEqual(rows.map(({ name }) => name).toSorted());
  expect(lines(await readPrivileges(database.pool, logins.names))).toEqual(lines(listPrivileges()));
});

test('making the roles again changes nothing, and a privilege that was added or taken away is put right', async () => {
  expect(await applyRoles(database)).toMatchObject({ ran: 0, missing: [] });
  const { api, worker } = logins.names;
  await database.pool.query(`
    grant insert on tidegate.action_grant to ${worker};
    grant update (detail) on tidegate.transition to ${worker};
    revoke select on tidegate.report from ${api}`);
  expect((await findMissingRoles(database)).byOwner).toEqual([
    `revoke insert on tidegate."action_grant" from "${worker}"`,
    `revoke update ("detail") on tidegate."transition" from "${worker}"`,
    `grant select on tidegate."report" to "${api}"`,
  ]);
  expect(await applyRoles(database)).toMatchObject({ ran: 3, missing: [] });
  expect(await applyRoles(database)).toMatchObject({ ran: 0 });
});

const HISTORY = [
  'transition',
  'decision',
  'definition',
  'evidence',
  'audit_event',
  'version',
  'serving_change',
];

describe.each(['api', 'worker'] as const)('the %s', (role) => {
  test.each(HISTORY)('cannot change or delete rows of %s', async (table) => {
    for (const statement of [
      `update tidegate.${table} set model = 'other'`,
      `delete from tidegate.${table}`,
      `truncate tidegate.${table} cascade`,
      `alter table tidegate.${table} disable trigger all`,
    ]) {
      const sql = table === 'audit_event' ? statement.replace('set model', 'set chain') : statement;
      expect(await sqlStateOf(as[role].pool.query(sql)), sql).toBe('42501');
    }
  });

  test('cannot drop a trigger, replace a function, or become the owner', async () => {
    for (const statement of [
      'drop trigger transition_append_only on tidegate.transition',
      'alter table tidegate.transition disable trigger transition_append_only',
      'drop table tidegate.audit_event',
      `create or replace function tidegate.refuse_change() returns trigger language plpgsql as 'begin return null; end'`,
      'create table tidegate.mine (id int)',
      `set role ${logins.names.owner}`,
      'set session_replication_role = replica',
      `select tidegate.audit('', 'forged', '1', 'eve', '{}')`,
      `insert into tidegate.audit_event (chain, kind, subject, actor, body) values ('', 'forged', '1', 'eve', '{}')`,
    ]) {
      expect(await sqlStateOf(as[role].pool.query(statement)), statement).toBe('42501');
    }
  });
});

test('a refusal says which table it is about and what to do', async () => {
  const refused = await as.worker.pool
    .query('delete from tidegate.transition')
    .catch((error: unknown) => error);
  const { error } = postgresFailure(refused)!;
  expect(error).toMatchObject({ code: 'DATABASE_PERMISSION' });
  expect(error.message).toContain('permission denied for table transition');
  expect(error.remedy).toContain('docs/security.md');
});

const ada = {
  personId: 1,
  person: 'ada',
  ownerId: null,
  roles: ['operator'],
  via: 'key',
  credential: 'k1',
} as const;
const scope = { action: 'rollback', model: 'kept', version: 1, evidenceDigest: null } as const;

test('the API makes a grant, and the worker uses it but makes none', async () => {
  const { id } = await issueGrant(as.api, ada, scope);
  const use = () =>
    inKyselyTransaction(as.worker, (transaction) =>
      consumeGrant(transaction, id, { ...scope, by: 'run 1' }, () => Promise.resolve(1)),
    );
  expect((await use()).result).toBe(1);
  expect(await sqlStateOf(issueGrant(as.worker, ada, scope))).toBe('42501');
  for (const change of [`expires_at = now() + interval '1 hour'`, `person = 'eve'`, 'version = 2']) {
    expect(await sqlStateOf(as.worker.pool.query(`update tidegate.action_grant set ${change}`))).toBe(
      '42501',
    );
  }
});

test('the worker makes no people, keys, sessions or roles, and cannot read keys', async () => {
  for (const table of [
    'principal',
    'api_key',
    'role_binding',
    'session',
    'sign_in_link',
    'definition',
    'serving_change',
  ])
    expect(
      await sqlStateOf(as.worker.pool.query(`insert into tidegate.${table} default values`)),
      table,
    ).toBe('42501');
});

test('hashes of keys and sessions are readable for the API alone, whatever else a login may read', async () => {
  await recordHolder(database, 'grace');
  const count = async ({ pool }: Database) =>
    (await pool.query<{ count: number }>('select count(*)::int as count from tidegate.api_key')).rows[0]
      ?.count;
  const [ofWorker, ofApi] = [await count(as.worker), await count(as.api)];
  expect([ofWorker, ofApi]).toEqual([0, 1]);
  for (const table of ['session', 'sign_in_link'])
    expect((await as.worker.pool.query(`select from tidegate.${table}`)).rowCount).toBe(0);
});

test('the API rolls back with the grant of a person, and accepts no decision', async () => {
  const model = await candidateModel(database, 'back');
  await model.produce();
  await model.produce();
  const back = { ...scope, model: 'back', version: 1 };
  const { id } = await issueGrant(as.api, ada, back);
  const who = { ...by('a request', 'ada'), evidenceDigest: null, grantId: id };
  expect(await rollBack(as.api, 'back', 1, who, 'it fails', undefined, [id])).toEqual({
    from: 2,
    to: 1,
  });
  const accepted = as.api.pool.query(
    `insert into tidegate.decision (request, model, version, evidence_digest, decision, actor, authority, channel,
       comment, accepted, workflow_id, run_id)
     values ('forged', 'back', 1, repeat('e', 64), 'approve', 'ada', 'unverified', 'update', '', true, 'w', 'r')`,
  );
  await expect(accepted).rejects.toThrow('only a worker accepts decisions');
});

test('the API moves no version by a rule and writes no evidence; the worker does', async () => {
  const stage = (database: Database) =>
    moveToStaging(database, 'kept', staged, by(), { whilePending: 'supersede', detail: '' });
  expect(await failureOf(stage(as.api))).toMatchObject({
    code: 'ILLEGAL_MOVE',
    message: 'only a worker moves a version because it is rules_passed',
  });
  for (const table of ['evidence', 'version', 'report', 'comparison'])
    expect(await sqlStateOf(as.api.pool.query(`insert into tidegate.${table} default values`)), table).toBe(
      '42501',
    );
  expect(await stage(as.worker)).toMatchObject({ staged: true });
  const { rows } = await as.api.pool.query(
    `select stage from tidegate.version where model = 'kept' and version = ${staged}`,
  );
  expect(rows).toEqual([{ stage: 'Staging' }]);
});

test('the API removes the online rows of a model that is retired', async () => {
  expect(await removeUnusedRows(as.api, 'kept', { evenInUse: true })).toEqual([]);
  expect((await as.api.pool.query('delete from tidegate.online_row')).rowCount).toBe(0);
});

test('doctor says which separation is missing', async () => {
  const words = async () => (await examineRoles(database)).map((finding) => finding.words);
  const connect = async (url: string, applicationName: string) => {
    const process = openDatabase(url, { max: 1, applicationName });
    await process.pool.query('select');
    return process;
  };
  expect(await words()).toEqual(['are separate']);
  const opened = [
    await connect(logins.api, 'tidegate-worker'),
    await connect(logins.worker, 'tidegate-api'),
    await connect(database.url, 'tidegate-worker'),
  ];
  const { api, worker } = logins.names;
  expect(await words()).toEqual([
    `the API connects as ${worker}_login, which may move versions`,
    `a worker connects as ${new URL(database.url).username}, which can change tables and triggers`,
    `a worker connects as ${api}_login, which may insert grants`,
  ]);
  for (const process of opened) await process.close();
  await database.pool.query(`revoke select on tidegate.report from ${api}`);
  expect((await words())[0]).toContain('are incomplete');
  await applyRoles(database);
});

test('logins are refused that have more rights than a process may have', async () => {
  const superuser = new URL(database.url);
  expect(await failureOf(makeLogins(database, { worker: superuser.href }))).toMatchObject({
    code: 'BAD_CONFIG',
  });
  const nameless = new URL(database.url);
  nameless.username = '';
  expect(await failureOf(makeLogins(database, { api: nameless.href }))).toMatchObject({ code: 'BAD_CONFIG' });
});

test('a login that may not make roles migrates, and the statements for an administrator are returned', async () => {
  const created = await createTestDatabase();
  const name = new URL(created.url).pathname.slice(1);
  const admin = openDatabase(created.url, { max: 2 });
  await admin.pool.query(
    `create role tidegate_${name}_plain login password 'x'; alter database ${name} owner to tidegate_${name}_plain`,
  );
  const url = new URL(created.url);
  url.username = `tidegate_${name}_plain`;
  url.password = 'x';
  const plain = openDatabase(url.href, { max: 2 });
  await migrate(plain, tidegateMigrations);
  const { missing, ran } = await applyRoles(plain);
  expect(ran).toBe(0);
  expect(missing).toContain(`create role "tidegate_${name}_worker" nologin`);
  // An administrator runs them as they are.
  for (const statement of missing) await admin.pool.query(statement);
  expect(await applyRoles(plain)).toMatchObject({ ran: 0, missing: [] });
  await plain.pool.query('create table tidegate.later (id int); drop table tidegate.later');
  await Promise.all([plain.close(), admin.close()]);
  await created.drop();
});

const RELEASES = new URL('../fixtures/releases/', import.meta.url);
const dumps = (await readdir(RELEASES)).filter((file) => file.endsWith('.sql'));

test.each(dumps)('the data of %s, written by a single role, gets its roles', async (dump) => {
  const created = await createTestDatabase();
  const old = openDatabase(created.url, { max: 4 });
  await old.pool.query(await readFile(new URL(dump, RELEASES), 'utf8'));
  await migrate(old, tidegateMigrations);
  const roles = await makeRoleLogins(old);
  expect(lines(await readPrivileges(old.pool, roles.names))).toEqual(lines(listPrivileges()));
  const { api, worker } = openAs(roles);
  const { rows } = await api.pool.query('select count(*)::int as count from tidegate.version');
  expect(rows).not.toEqual([{ count: 0 }]);
  expect(await sqlStateOf(worker.pool.query('delete from tidegate.version'))).toBe('42501');
  // The single role keeps working: a process that still uses it, and the migrations of the next release.
  await old.pool.query('create table tidegate.later (id int); drop table tidegate.later');
  await Promise.all([api.close(), worker.close(), old.close()]);
  await created.drop();
});
