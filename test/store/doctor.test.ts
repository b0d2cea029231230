// What `tidegate doctor` reports about a model's tables and about servers that do not answer.
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { examineModel, examinePolicy } from '../../cli/commands/doctor/examine-model.ts';
import { examineDatabase, examineTemporal } from '../../cli/commands/doctor/examine-servers.ts';
import { openDatabase } from '../../store/postgres/database.ts';
import { freePort } from '../../cli/local/processes/free-port.ts';
import { applyDefinition } from '../../store/definitions/definitions.ts';
import { createTestDatabase } from '../helpers/database.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';
import { sampleModel } from '../helpers/sample-model.ts';

let database: MigratedDatabase;

beforeAll(async () => (database = await migratedDatabase()));
afterAll(() => database.drop());

const at = '2024-03-15T12:00:00Z';

test('reports missing indexes with the statement that creates them, until they exist', async () => {
  const { definition } = await sampleModel(database, 'unindexed', {
    view: { known: 'loaded_at', lag: '6 hours' },
  });
  const before = await examineModel(database, definition);
  const remedies = before.flatMap(({ remedy }) => remedy ?? []);
  expect(remedies).toEqual([
    'create index concurrently on "unindexed"."spine" ("at");',
    'create index concurrently on "unindexed"."usage" ("user_id", "region", "at", "loaded_at");',
    'create index concurrently on "unindexed"."outcome" ("user_id", "region", "at");',
  ]);
  for (const remedy of remedies) await database.pool.query(remedy);
  const after = await examineModel(database, definition);
  expect(after.every(({ kind }) => kind === 'ok')).toBe(true);
});

test('accepts an index with the keys in any order, and no partial index', async () => {
  const { definition } = await sampleModel(database, 'half_indexed');
  await database.pool.query(`
    create index on half_indexed.spine (at) where user_id <> '';
    create index on half_indexed.usage (region, user_id, at);
    create index on half_indexed.outcome (user_id, at, region)`);
  const remedies = (await examineModel(database, definition)).flatMap(({ remedy }) => remedy ?? []);
  expect(remedies).toEqual([
    'create index concurrently on "half_indexed"."spine" ("at");',
    'create index concurrently on "half_indexed"."outcome" ("user_id", "region", "at");',
  ]);
});

test('reports a large table without an index or without statistics as a problem', async () => {
  const { definition } = await sampleModel(database, 'large');
  await database.pool.query(`
    alter table large.usage set (autovacuum_enabled = false);
    insert into large.usage select 'u' || n, 'eu', '${at}' from generate_series(1, 60000) n`);
  const problems = async (): Promise<string[]> =>
    (await examineModel(database, definition)).flatMap(({ kind, remedy }) =>
      kind === 'problem' && remedy !== undefined ? [remedy] : [],
    );
  expect(await problems()).toContain('analyze "large"."usage";');
  await database.pool.query('analyze large.usage');
  expect(await problems()).toEqual([
    'create index concurrently on "large"."usage" ("user_id", "region", "at");',
  ]);
});

test('reports hidden values, a lag that is too short, and times without a zone', async () => {
  const late = await sampleModel(database, 'late', {
    view: { known: 'loaded_at', lag: '1 hour' },
    viewTime: 'timestamp',
  });
  await late.insert('spine', { user_id: 'u', at });
  await late.insert('usage', { user_id: 'u', at, loaded_at: '2024-03-15T18:00:00Z', hours: 1 });
  const findings = await examineModel(database, late.definition);
  expect(findings.filter(({ kind }) => kind === 'problem').map(({ remedy }) => remedy)).toContainEqual(
    expect.stringContaining(`Set lag: '6 hours' for late.usage`),
  );
  const warnings = findings.filter(({ kind }) => kind === 'warning').map(({ words }) => words);
  expect(warnings).toContainEqual(expect.stringMatching(/^late\.usage\.at: no time zone, so read as UTC/));
  expect(warnings).toContainEqual(expect.stringContaining(`; lag: '6 hours' would include those rows`));
});

test('reports a missing table as the only problem of the model', async () => {
  const { definition } = await sampleModel(database, 'gone');
  await database.pool.query('drop table gone.usage');
  expect(await examineModel(database, definition)).toMatchObject([
    {
      about: 'gone',
      kind: 'problem',
      words: expect.stringContaining('there is no table gone.usage') as string,
    },
  ]);
});

test('reports a database that does not answer, and a schema that is out of date', async () => {
  const nowhere = openDatabase(`postgres://nobody@127.0.0.1:${await freePort()}/none`);
  expect(await examineDatabase(nowhere)).toMatchObject([{ about: 'Postgres', kind: 'problem' }]);
  await nowhere.close();
  const empty = await createTestDatabase();
  const unmigrated = openDatabase(empty.url);
  expect(await examineDatabase(unmigrated)).toMatchObject([
    { about: 'Postgres', kind: 'ok' },
    { about: 'schema', kind: 'problem', remedy: 'Run `tidegate migrate`.' },
  ]);
  await unmigrated.close();
  await empty.drop();
  expect(await examineDatabase(database)).toMatchObject([{ kind: 'ok' }, { kind: 'ok' }]);
});

test('reports whether Temporal answers, and a namespace without the search attributes', async () => {
  const at = (address: string, namespace = 'default') =>
    examineTemporal({ connectionOptions: { address }, namespace });
  const address = inject('temporalAddress');
  expect(await at(address)).toMatchObject([
    { about: 'Temporal', kind: 'ok' },
    { about: 'search attributes', kind: 'ok' },
  ]);
  expect(await at(address, 'nowhere')).toMatchObject([
    { about: 'Temporal', kind: 'ok' },
    { about: 'search attributes', kind: 'problem', words: expect.stringContaining('nowhere') as string },
  ]);
  const closed = `127.0.0.1:${await freePort()}`;
  expect(await at(closed)).toMatchObject([
    { about: 'Temporal', kind: 'problem', words: expect.stringContaining(closed) as string },
  ]);
});

test('names models that accept decisions of people who are not known, and definitions that wait', async () => {
  const { definition } = await sampleModel(database, 'open', {
    model: { promotion: { unverifiedSignals: 'accept' } },
  });
  await applyDefinition(database, definition, 'linus');
  expect((await examinePolicy(database, definition)).map(({ words }) => words)).toEqual([
    'accepts decisions and rollbacks of people who were not authenticated',
  ]);
  const known = {
    ...definition,
    promotion: { ...definition.promotion, unverifiedSignals: 'refuse' },
  } as const;
  await applyDefinition(database, known, 'linus');
  expect(await examinePolicy(database, known)).toEqual([]);
  await applyDefinition(database, definition, 'linus');
  expect(await examinePolicy(database, known)).toMatchObject([
    {
      kind: 'warning',
      words: expect.stringMatching(/^definition 3 waits .* promotion.unverifiedSignals/) as string,
    },
  ]);
});
