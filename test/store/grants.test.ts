// A grant is used once, for what it allows and before it expires; its row never changes otherwise.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { inKyselyTransaction } from '../../store/postgres/connections.ts';
import { consumeGrant, getGrant, type GrantHolder, issueGrant } from '../../store/registry/grants.ts';
import { failureOf, sqlStateOf } from '../helpers/failures.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';

let database: MigratedDatabase;

beforeAll(async () => (database = await migratedDatabase()));
afterAll(() => database.drop());

const ada: GrantHolder = {
  personId: 1,
  person: 'ada',
  ownerId: null,
  roles: ['operator'],
  via: 'key',
  credential: 'k1',
};
const scope = { action: 'rollback', model: 'churn', version: 1, evidenceDigest: null } as const;

const grant = (more = {}) => issueGrant(database, ada, scope, more);

const consume = (id: string, by: string, work = () => Promise.resolve({ from: 2, to: 1 }), wanted = {}) =>
  inKyselyTransaction(database, (transaction) =>
    consumeGrant(transaction, id, { action: 'rollback', model: 'churn', by, ...wanted }, work),
  );

test('the consumer that used a grant gets the same answer again, and any other is refused', async () => {
  const { id } = await grant({ comment: 'the new one is\nworse' });
  let runs = 0;
  const work = () => Promise.resolve({ run: (runs += 1) });
  expect((await consume(id, 'run 1', work as never)).result).toEqual({ run: 1 });
  expect((await consume(id, 'run 1', work as never)).result).toEqual({ run: 1 });
  expect(await failureOf(consume(id, 'run 2', work as never))).toMatchObject({ code: 'GRANT_USED' });
  expect(runs).toBe(1);
  expect(await getGrant(database.kysely, id)).toMatchObject({
    person: 'ada',
    answerableId: 1,
    comment: 'the new one is\nworse',
    consumed: { by: 'run 1', result: { run: 1 } },
  });
});

test('of ten consumers at the same time one uses a grant', async () => {
  const { id } = await grant();
  const all = await Promise.allSettled(Array.from({ length: 10 }, (_, n) => consume(id, `run ${n}`)));
  expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
});

test('a grant stays unused if the work of its consumer fails', async () => {
  const { id } = await grant();
  await expect(consume(id, 'run', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect((await getGrant(database.kysely, id)).consumed).toBeNull();
});

test.each([
  [{ action: 'approve' }, 'the grant of ada is for the action rollback, and not for the action approve'],
  [{ model: 'other' }, 'the grant of ada is for model churn, and not for model other'],
  [{ version: 2 }, 'the grant of ada is for version 1, and not for version 2'],
  [{ evidenceDigest: 'e' }, 'the grant of ada is for no evidence, and not for evidence e'],
])('a grant for something else than %j is refused and stays unused', async (wanted, message) => {
  const { id } = await grant();
  expect(await failureOf(consume(id, 'run', undefined, wanted))).toMatchObject({
    code: 'GRANT_MISMATCH',
    message,
  });
  expect((await getGrant(database.kysely, id)).consumed).toBeNull();
});

test('an expired grant cannot be used, and what its consumer did is undone', async () => {
  const { id } = await grant({ lifetimeMs: 1 });
  const other = await grant();
  const failure = inKyselyTransaction(database, async (transaction) => {
    const wanted = { action: 'rollback', model: 'churn', by: 'run' } as const;
    await consumeGrant(transaction, other.id, wanted, () => Promise.resolve(null));
    await consumeGrant(transaction, id, wanted, () => Promise.resolve(null));
  });
  expect(await failureOf(failure)).toMatchObject({ code: 'GRANT_EXPIRED' });
  expect((await getGrant(database.kysely, other.id)).consumed).toBeNull();
});

test.each(['', 'x', "' or true --", '\0', '0'.repeat(1_000_000)])('%.9j is no grant', async (id) => {
  expect(await failureOf(consume(id, 'run'))).toMatchObject({ code: 'UNKNOWN_GRANT' });
});

test('a service account counts as its owner', async () => {
  const { id } = await issueGrant(
    database,
    { ...ada, personId: 7, person: 'ci', ownerId: 1, groups: ['build'] },
    scope,
  );
  expect(await getGrant(database.kysely, id)).toMatchObject({
    personId: 7,
    answerableId: 1,
    groups: ['build'],
  });
});

test.each([
  [{ person: 'ada\nroot' }, {}],
  [{}, { comment: 'x'.repeat(2_001) }],
  [{}, { lifetimeMs: 0 }],
  [{}, { lifetimeMs: Number.NaN }],
  [{}, { lifetimeMs: 86_400_001 }],
])('a grant of %j with %j is not issued', async (holder, options) => {
  const failure = await failureOf(issueGrant(database, { ...ada, ...holder }, scope, options));
  expect(failure).toMatchObject({ code: 'INVALID_REQUEST' });
});

const run = (statement: string) => database.pool.query(statement);

test.each([
  [`person_id = 2`],
  [`person = 'mallory'`],
  [`action = 'approve'`],
  [`version = 2`],
  [`expires_at = now() + interval '1 hour'`],
  [`roles = '{admin}'`],
  [`consumed_at = null, consumed_by = null, result = null`],
  [`consumed_by = 'run 3'`],
  [`result = '{}'`],
])('a used grant refuses an update of %s', async (change) => {
  const { id } = await grant();
  await consume(id, 'run');
  expect(await sqlStateOf(run(`update tidegate.action_grant set ${change} where id = '${id}'`))).toBe(
    'TG001',
  );
});

test.each([
  [`comment = 'why not'`],
  [`comment = 'why not', consumed_by = 'run'`],
  [`credential = 'other'`],
  [`result = '{}'`],
])('an unused grant refuses an update of %s', async (change) => {
  const { id } = await grant();
  expect(await sqlStateOf(run(`update tidegate.action_grant set ${change} where id = '${id}'`))).toBe(
    'TG001',
  );
});

test('grants can be neither deleted, nor truncated, nor inserted as used', async () => {
  await grant();
  expect(await sqlStateOf(run('delete from tidegate.action_grant'))).toBe('TG001');
  expect(await sqlStateOf(run('truncate tidegate.action_grant cascade'))).toBe('TG001');
  const used =
    run(`insert into tidegate.action_grant (id, action, model, person_id, person, roles, via, credential,
      comment, expires_at, consumed_at, consumed_by)
    values ('x', 'approve', 'churn', 1, 'ada', '{}', 'key', 'k', '', now() + interval '1 minute', now(), 'run')`);
  expect(await sqlStateOf(used)).toBe('TG001');
});
