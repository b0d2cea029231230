// The audit log: triggers write it, and verification finds every change of a row or event, also by the owner of the tables.
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { verifyLog, verifyLogWithin } from '../../store/audit/verify-log.ts';
import { issueGrant } from '../../store/registry/grants.ts';
import { setAlias, setTags } from '../../store/registry/facts.ts';
import { candidateModel, grantHolder, keyIdOf, recordHolder } from '../helpers/candidates.ts';
import { sqlStateOf } from '../helpers/failures.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';

let database: MigratedDatabase;

const KEY = keyIdOf('ada');
// Ids of people are given in the order in which the files of a process name them.
const { personId: ADA } = grantHolder('ada');

beforeAll(async () => {
  database = await migratedDatabase({}, [`timezone = 'Asia/Tokyo'`]);
  await recordHolder(database, 'ada');
  const churn = await candidateModel(database, 'churn');
  await churn.produce();
  await churn.produce();
  await churn.stage();
  await (await candidateModel(database, 'other')).produce();
  await database.pool.query(`
    insert into tidegate.role_binding (principal_id, role, model) values (${ADA}, 'approver', 'churn');
    insert into tidegate.role_binding (principal_id, role) values (${ADA}, 'viewer');
    insert into tidegate.serving_change (model, stopped, reason, actor, authority) values ('churn', true, 'odd', 'ada', 'unverified');
    insert into tidegate.tag (model, version, key, value, set_by) values ('churn', 0, 'team', 'growth', 'ada'), ('churn', 1, '', 'old', 'ada');
    insert into tidegate.alias (model, alias, version, set_by) values ('churn', 'shadow', 1, 'ada');
    insert into tidegate.version_comment (model, version, text, actor, authority) values ('churn', 1, 'ok', 'ada', 'key')`);
  const churned = { model: 'churn', version: null };
  await setTags(database, churned, { team: 'risk', owner: 'bo' }, 'grace');
  await setTags(database, churned, { owner: null }, 'hopper');
  await setAlias(database, 'churn', 'shadow', null, 'hopper');
  await setAlias(database, 'churn', 'shadow', 2, 'ada');
  const grant = await issueGrant(
    database,
    { personId: ADA, person: 'ada', ownerId: null, roles: ['approver'], via: 'key', credential: KEY },
    { action: 'approve', model: 'churn', version: 3, evidenceDigest: null },
  );
  await database.pool.query(
    `update tidegate.action_grant set consumed_by = 'request', result = '{"ok": true}' where id = $1`,
    [grant.id],
  );
  await database.pool.query(`update tidegate.api_key set revoked_at = now(), revoked_by = ${ADA}`);
  await database.pool.query(`update tidegate.principal set disabled_at = now()`);
  await database.pool.query(`update tidegate.principal set disabled_at = null`);
});
afterAll(() => database.drop());

/** Runs statements in a transaction, returns what the verification then finds, and takes the statements back. */
async function foundAfter(statements: string, triggers: 'on' | 'off' = 'off'): Promise<string[]> {
  const client = await database.pool.connect();
  try {
    await client.query(`begin; ${triggers === 'off' ? 'set local session_replication_role = replica' : ''}`);
    await client.query(statements);
    if (triggers === 'on') await client.query('set constraints all immediate');
    return (await verifyLogWithin(client)).problems.map(({ problem }) => problem);
  } finally {
    await client.query('rollback');
    client.release();
  }
}

test('every audited row has an event, and the log of many kinds is whole', async () => {
  const { problems, events, moves, heads } = await verifyLog(database);
  expect(problems).toEqual([]);
  expect(events).toBeGreaterThan(20);
  expect(moves).toBeGreaterThan(5);
  expect(heads.map(({ chain }) => chain).toSorted()).toEqual(['', 'churn', 'other']);
  const { rows } = await database.pool.query<{ kind: string }>(
    'select distinct kind from tidegate.audit_event order by kind',
  );
  expect(rows.map(({ kind }) => kind)).toEqual([
    'alias removed', 'alias set', 'audit began', 'comment written', 'decision checked', 'decision sent', 'definition applied', 'evidence stored', 'grant issued',
    'grant used', 'key made', 'key revoked', 'move granted', 'person added', 'person disabled or enabled', 'requesters recorded', 'role given',
    'serving changed', 'tag removed', 'tag set', 'version moved',
  ]); // prettier-ignore
});

const REHASH = `hash = encode(sha256(convert_to(jsonb_build_array(previous_hash, chain, position, kind, subject, actor,
  (extract(epoch from at) * 1000000)::bigint)::text || body::text, 'UTF8')), 'hex')`;

test.each([
  [`update tidegate.definition set body = '{}' where model = 'churn'`, 'differs from the row'],
  [`update tidegate.definition set applied_by = 'eve' where model = 'churn'`, 'differs from the row'],
  [`update tidegate.evidence set policy = '{"approvals": 1}' where version = 2`, 'differs from the row'],
  [`update tidegate.decision set comment = 'as agreed' where version = 2`, 'differs from the row'],
  [`update tidegate.transition set actor = 'eve' where version = 2 and to_stage = 'Production'`, 'differs from its hash'],
  [`delete from tidegate.decision where version = 2`, 'is about a row that is missing'],
  [`update tidegate.action_grant set person = 'eve'`, 'differs from the row'],
  [`update tidegate.action_grant set consumed_by = null, consumed_at = null, result = null`, 'differs from the row'],
  [`update tidegate.api_key set revoked_at = null, revoked_by = null`, 'differs from the row'],
  [`update tidegate.api_key set hash = sha256('another')`, 'differs from the row'],
  [`update tidegate.principal set disabled_at = now()`, 'differs from the row'],
  [`insert into tidegate.role_binding (principal_id, role) values (${ADA}, 'admin')`, 'has no event'],
  [`insert into tidegate.principal (id, kind, name, disabled_at) overriding system value values (99, 'person', 'eve', now())`, 'has no event'],
  [`update tidegate.tag set value = 'another' where key = 'team'`, 'differs from the row'],
  [`delete from tidegate.alias`, 'is about a row that is missing'],
  [`insert into tidegate.tag (model, version, key, value, set_by) values ('churn', 0, 'owner', 'bo', 'grace')`, 'was removed and exists'],
  [`insert into tidegate.tag (model, version, key, value, set_by) values ('churn', 0, 'new', 'bo', 'grace')`, 'has no event'],
  [`delete from tidegate.serving_change`, 'is about a row that is missing'],
  [`update tidegate.audit_event set actor = 'eve' where chain = 'churn' and position = 3`, 'event 3 differs from its hash'],
  [`update tidegate.audit_event set at = at + interval '1 microsecond' where chain = 'churn' and position = 3`, 'event 3 differs'],
  [`update tidegate.audit_event set actor = 'eve' where chain = 'churn' and position = 3;
    update tidegate.audit_event set ${REHASH} where chain = 'churn' and position = 3`, 'event 4 does not follow'],
  [`delete from tidegate.audit_event where chain = 'churn' and position = 3`, 'event 4 has another position'],
  [`delete from tidegate.audit_event where chain = 'churn' and position = (select max(position) from tidegate.audit_event where chain = 'churn')`, 'has no event'],
])('with triggers off, "%s" is found', async (statement, problem) => {
  expect(await foundAfter(statement)).toContainEqual(expect.stringContaining(problem));
}); // prettier-ignore

test('the removal of a tag or an alias names the person who removed it', async () => {
  const { rows } = await database.pool.query(
    `select kind, subject, actor from tidegate.audit_event where kind like '% removed' order by position`,
  );
  expect(rows).toEqual([
    { kind: 'tag removed', subject: 'churn/0/owner', actor: 'hopper' },
    { kind: 'alias removed', subject: 'churn/shadow', actor: 'hopper' },
  ]);
});

test('every broken place is listed, and not only the first', async () => {
  const problems = await foundAfter(
    `update tidegate.audit_event set actor = 'eve' where position = 2; delete from tidegate.version_comment`,
  );
  expect(problems.filter((problem) => problem.startsWith('event 2 differs from its hash'))).toHaveLength(3);
  expect(problems).toContainEqual(expect.stringContaining('"comment written"'));
});

const grantOf = (via: string, credential: string, person = ADA) =>
  `insert into tidegate.action_grant (id, action, model, version, person_id, person, roles, via, credential, comment, expires_at)
   values ('forged', 'approve', 'churn', 3, ${person}, 'ada', '{approver}', '${via}', '${credential}', '', now() + interval '1 hour')`;

test.each([
  ['with a key that never existed', grantOf('key', 'nosuchkeyxxx')],
  ['with the key of somebody else', grantOf('key', KEY, ADA + 1)],
  ['in a session that never existed', grantOf('session', 'abcdef0123')],
  ['with a token of a person who has no issuer', grantOf('oidc', 'jti')],
])('a grant that is appended with all its hashes is found: %s', async (_, statement) => {
  expect(await foundAfter(statement, 'on')).toEqual([expect.stringContaining('had not signed in')]);
});

test('an approval that names a grant for something else is found', async () => {
  const problems = await foundAfter(
    `alter table tidegate.decision disable trigger user;
     alter table tidegate.decision enable trigger audit_decision_sent;
     alter table tidegate.decision enable trigger audit_decision_checked;
     insert into tidegate.decision (request, model, version, evidence_digest, decision, actor, authority, channel, comment,
       accepted, settles, grant_id, person_id, workflow_id, run_id)
     select 'forged', 'churn', 3, repeat('e', 64), 'reject', 'ada', 'key', 'update', '', true, false, id, 1, 'w', 'r'
     from tidegate.action_grant where version = 3`,
    'on',
  );
  expect(problems).toEqual([expect.stringContaining('has no grant that allows it')]);
});

test('events are appended by the database in one chain, and are never changed', async () => {
  await database.pool.query(
    `insert into tidegate.audit_event (chain, position, kind, subject, actor, body, at, previous_hash, hash)
     values ('apart', 7, 'note', 'x', 'ada', '{"a":  1}', '2000-01-01Z', 'p', 'h')`,
  );
  const { rows } = await database.pool.query<Record<string, string | number>>(
    `select *, body::text as text, (extract(epoch from at) * 1000000)::bigint as micros
     from tidegate.audit_event where chain = 'apart'`,
  );
  const head = ['', 'apart', 1, 'note', 'x', 'ada', rows[0]!['micros']].map((item) => JSON.stringify(item));
  const digest = createHash('sha256')
    .update(`[${head.join(', ')}]${rows[0]!['text']}`)
    .digest('hex');
  expect(rows[0]).toMatchObject({ position: 1, previous_hash: '', hash: digest, text: '{"a":  1}' });
  for (const change of [
    'update tidegate.audit_event set actor = $$eve$$',
    'delete from tidegate.audit_event',
  ])
    expect(await sqlStateOf(database.pool.query(change))).toBe('TG001');
});

test('many connections that write at once make one chain without gaps', async () => {
  await Promise.all(
    Array.from({ length: 20 }, (_, n) =>
      database.pool.query(
        `insert into tidegate.version_comment (model, version, text, actor, authority) values ('churn', 1, $1, 'ada', 'key')`,
        [`comment ${n}`],
      ),
    ),
  );
  expect((await verifyLog(database, 'churn')).problems).toEqual([]);
});
