// Rules that the database itself enforces: history is never rewritten, and a registered version never changes.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { recordDecision } from '../../store/registry/decisions.ts';
import { readArtifact } from '../../store/registry/versions.ts';
import { candidateModel } from '../helpers/candidates.ts';
import { failureOf, sqlStateOf } from '../helpers/failures.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';

let database: MigratedDatabase;

beforeAll(async () => {
  database = await migratedDatabase();
  const model = await candidateModel(database, 'kept');
  const version = await model.produce();
  await recordDecision(database, {
    request: 'one',
    model: 'kept',
    version,
    evidenceDigest: 'e'.repeat(64),
    decision: 'approve',
    actor: 'ada',
    authority: 'key',
    channel: 'update',
    comment: '',
    refusal: null,
    workflowId: 'test',
    runId: 'run',
  });
});
afterAll(() => database.drop());

const run = (statement: string) => database.pool.query(statement);
const countOf = async (table: string) => {
  const { rows } = await database.pool.query<{ count: number }>(
    `select count(*) as count from tidegate.${table}`,
  );
  return rows[0]?.count;
};

const kept: string[][] = ['transition', 'decision', 'definition'].flatMap((table) => [
  [`update tidegate.${table} set model = 'other'`, table],
  [`update tidegate.${table} set model = model where false`, table],
  [`delete from tidegate.${table}`, table],
  [`truncate tidegate.${table} cascade`, table],
]);

test.each(kept)('%s is refused', async (statement = '', table = '') => {
  const before = await countOf(table);
  await expect(run(statement)).rejects.toMatchObject({
    code: 'TG001',
    message: expect.stringMatching(/^rows of tidegate\.\w+ are never changed or deleted$/) as string,
  });
  expect(await countOf(table)).toBe(before);
  expect(before).not.toBe(0);
});

const columns = [
  `artifact = '{}'`,
  `artifact_digest = 'x'`,
  `reference = '{"a": 1}'`,
  `trainer = 'another'`,
  `created_at = now() + interval '1 day'`,
  `version = 7`,
];

test.each(columns)('a registered version refuses %s', async (change) => {
  await expect(run(`update tidegate.version set ${change}`)).rejects.toMatchObject({
    code: 'TG001',
    message: 'a registered version is immutable',
  });
});

test('the stage of a version changes only by a move', async () => {
  for (const stage of ['None', 'Staging', 'Archived']) {
    await expect(run(`update tidegate.version set stage = '${stage}'`)).rejects.toMatchObject({
      code: 'TG001',
      message: 'the stage of a version changes by a row in tidegate.transition only',
    });
  }
});

test('a version cannot be deleted, or inserted in another stage than None', async () => {
  expect(await sqlStateOf(run('delete from tidegate.version'))).toBe('TG001');
  expect(await sqlStateOf(run('truncate tidegate.version cascade'))).toBe('TG001');
  const copy = (stage: string) =>
    run(`insert into tidegate.version
         select model, 9, '${stage}', definition_version, retrain_id || '9', dataset_id, trainer, artifact,
                artifact_digest, reference, now() from tidegate.version`);
  await expect(copy('Production')).rejects.toMatchObject({
    code: 'TG002',
    message: 'a version begins in stage None and not in Production',
  });
});

test('an artifact that was changed with triggers disabled is detected when it is read', async () => {
  expect(await readArtifact(database, 'kept', 1)).toMatchObject({ weights: [1] });
  await run(`set local session_replication_role = replica;
             update tidegate.version set artifact = '{"weights": [2]}'`);
  expect(await failureOf(readArtifact(database, 'kept', 1))).toMatchObject({ code: 'ARTIFACT_CHANGED' });
});
