// The audit chain: every row stores the hash of the row before it, and tampering is detected.
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readConfig } from '../../cli/shared/config.ts';
import { Output } from '../../cli/output/output.ts';
import { buildProgram } from '../../cli/program.ts';
import { checkChain } from '../../store/registry/verify-chain.ts';
import { candidateModel } from '../helpers/candidates.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';

let database: MigratedDatabase;

beforeAll(async () => (database = await migratedDatabase()));
afterAll(() => database.drop());

/** Creates a model with the six moves of two champions. @returns the ids of the moves */
async function sixMoves(name: string): Promise<number[]> {
  const model = await candidateModel(database, name);
  await model.produce();
  await model.produce();
  await model.stage();
  const { rows } = await database.pool.query<{ id: number }>(
    'select id from tidegate.transition where model = $1 order by id',
    [name],
  );
  expect(rows).toHaveLength(6);
  return rows.map(({ id }) => id);
}

/** Runs statements, all or none, as a role that may disable triggers. */
const tamper = (statements: string) =>
  database.pool.query(`set local session_replication_role = replica; ${statements}`);

test('each hash matches its row, and each row names the hash of the row before it', async () => {
  await sixMoves('whole');
  expect((await checkChain(database, 'whole')).broken).toBeNull();
  const { rows } = await database.pool.query<Record<string, string | number | null>>(
    `select *, (extract(epoch from at) * 1000000)::bigint as micros from tidegate.transition
     where model = 'whole' order by id`,
  );
  let previous: unknown = '';
  for (const row of rows) {
    expect(row['previous_hash']).toBe(previous);
    const said = [
      ...['previous_hash', 'id', 'model', 'version', 'from_stage', 'to_stage', 'reason', 'detail', 'actor'],
      ...['authority', 'evidence_digest', 'workflow_id', 'run_id', 'micros'],
    ].map((column) => JSON.stringify(row[column]));
    expect(row['hash']).toBe(
      createHash('sha256')
        .update(`[${said.join(', ')}]`)
        .digest('hex'),
    );
    previous = row['hash'];
  }
});

test('chains of different models do not depend on each other', async () => {
  const [first = 0] = await sixMoves('broken');
  await sixMoves('intact');
  await tamper(`update tidegate.transition set actor = 'mallory' where id = ${first}`);
  expect((await checkChain(database, 'broken')).broken).toEqual({ id: first, version: 1, broken: 'content' });
  expect((await checkChain(database, 'intact')).broken).toBeNull();
});

test('the chain of a model without moves is intact', async () => {
  expect((await checkChain(database, 'nobody')).broken).toBeNull();
});

const columns = [
  `version = 3`,
  `to_stage = 'Archived', from_stage = 'None', reason = 'failed'`,
  `detail = 'as agreed'`,
  `actor = 'mallory'`,
  `authority = 'unverified'`,
  `evidence_digest = null`,
  `workflow_id = 'another'`,
  `run_id = 'another'`,
  `at = at + interval '1 microsecond'`,
  `hash = repeat('0', 64)`,
  `previous_hash = repeat('0', 64)`,
];

test.each(columns)('a row changed by "%s" is detected', async (change) => {
  const name = `tampered_${columns.indexOf(change)}`;
  const [, , third = 0] = await sixMoves(name);
  await tamper(`update tidegate.transition set ${change} where id = ${third}`);
  expect((await checkChain(database, name)).broken).toMatchObject({ id: third, broken: 'content' });
});

test('a removed row is detected at the row after it', async () => {
  const [, second = 0, third = 0] = await sixMoves('taken');
  await tamper(`delete from tidegate.transition where id = ${second}`);
  expect((await checkChain(database, 'taken')).broken).toMatchObject({ id: third, broken: 'link' });
});

test('removal of the first row is detected', async () => {
  const [first = 0, second = 0] = await sixMoves('beheaded');
  await tamper(`delete from tidegate.transition where id = ${first}`);
  expect((await checkChain(database, 'beheaded')).broken).toMatchObject({ id: second, broken: 'link' });
});

test('a row that was rewritten together with its hash is detected at the row after it', async () => {
  const [, second = 0, third = 0] = await sixMoves('rehashed');
  await tamper(`update tidegate.transition set actor = 'mallory' where id = ${second};
    update tidegate.transition set hash = encode(sha256(convert_to(jsonb_build_array(
      previous_hash, id, model, version, from_stage, to_stage, reason, detail, actor, authority, evidence_digest,
      workflow_id, run_id, (extract(epoch from at) * 1000000)::bigint)::text, 'UTF8')), 'hex')
    where id = ${second}`);
  expect((await checkChain(database, 'rehashed')).broken).toMatchObject({ id: third, broken: 'link' });
});

test('moves written concurrently by many connections, bypassing the store, still make one chain', async () => {
  const model = await candidateModel(database, 'crowd');
  const versions: number[] = [];
  for (let n = 0; n < 20; n += 1) versions.push(await model.register());
  const insert = (version: number) =>
    database.pool.query(
      `insert into tidegate.transition (model, version, from_stage, to_stage, reason, actor, authority, workflow_id, run_id)
       values ('crowd', $1, 'None', 'Archived', 'cancelled', 'ada', 'key', 'test', 'run')`,
      [version],
    );
  await Promise.all(versions.map(insert));
  expect((await checkChain(database, 'crowd')).broken).toBeNull();
});

test('two rows cannot follow the same row', async () => {
  const [first = 0] = await sixMoves('forked');
  await expect(
    tamper(`insert into tidegate.transition select 1000000, model, version, from_stage, to_stage, reason, detail, actor,
      authority, evidence_digest, workflow_id, run_id, at, previous_hash, hash from tidegate.transition where id = ${first}`),
  ).rejects.toMatchObject({ code: '23505' });
});

test('the newest hash is returned, and passing it later detects that the end of the chain was removed', async () => {
  const ids = await sixMoves('cut');
  const before = await checkChain(database, 'cut');
  expect(before).toMatchObject({ moves: 6, head: { id: ids[5] }, broken: null, isKnown: true });
  expect(before.head?.hash).toMatch(/^[0-9a-f]{64}$/);
  const head = before.head!.hash;
  expect((await checkChain(database, 'cut', head)).isKnown).toBe(true);
  await tamper(`delete from tidegate.transition where id = ${ids[5]}`);
  expect(await checkChain(database, 'cut', head)).toMatchObject({ moves: 5, broken: null, isKnown: false });
});

test('`audit verify` reports every model, also after one whose history was changed', async () => {
  const [first = 0] = await sixMoves('audited1');
  await sixMoves('audited2');
  const [, second = 0] = await sixMoves('audited3');
  await tamper(`update tidegate.transition set actor = 'mallory' where id in (${first}, ${second})`);
  let said = '';
  const output = new Output({
    stdout: { write: (text: string) => (said += text) },
    stderr: { write: () => undefined },
  });
  const program = buildProgram({ config: () => readConfig({ DATABASE_URL: database.url }), output });
  const before = process.exitCode;
  await program.parseAsync(['audit', 'verify'], { from: 'user' });
  expect(process.exitCode).toBe(1);
  process.exitCode = before;
  for (const [model, move] of [
    ['audited1', first],
    ['audited3', second],
  ] as const)
    expect(said).toMatch(new RegExp(`^${model}: .*\\b${move}\\b`, 'm'));
  expect(said).toMatch(/^audited2: \d+ events; the newest has the hash [0-9a-f]{64}$/m);
  expect(said).not.toMatch(/^audited2: .*differs/m);
});
