// Columns are snake_case in the database and camelCase in code; keys inside stored JSON are neither changed nor lost.
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { digestOf } from '../../domain/canonical-json.ts';
import { numeric } from '../../domain/model/parts/column.ts';
import { applyDefinition, getDefinition } from '../../store/definitions/definitions.ts';
import { kyselyOn, withConnections } from '../../store/postgres/connections.ts';
import { findEvidence, writeEvidence } from '../../store/registry/evidence.ts';
import { openRetrain } from '../../store/registry/retrains.ts';
import { candidateModel } from '../helpers/candidates.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';
import { sampleDefinition, sampleModel } from '../helpers/sample-model.ts';

let database: MigratedDatabase;

beforeAll(async () => {
  database = await migratedDatabase();
  await sampleModel(database, 'shared');
});
afterAll(() => database.drop());

/** Runs `read` with the Kysely of the pool, and with one over a connection that is already taken. */
const withBoth = async <T>(read: (kysely: MigratedDatabase['kysely']) => Promise<T>): Promise<T[]> => [
  await read(database.kysely),
  await withConnections(database, 1, ([client]) => read(kyselyOn(client))),
];

test('a definition whose features are named in snake_case and camelCase keeps its digest', async () => {
  await database.pool
    .query(`alter table shared.usage add column last_seen float8, add column "lastSeen" float8,
    add column "Odd_Name__x" float8`);
  const columns = { last_seen: numeric(), lastSeen: numeric(), Odd_Name__x: numeric() };
  const definition = sampleDefinition('shared', { model: { name: 'mixed' }, view: { columns } });
  await applyDefinition(database, definition, 'ada');
  const stored = await getDefinition(database, 'mixed');
  expect(Object.keys(stored.definition.features[0]!.columns)).toEqual(Object.keys(columns));
  expect(digestOf(stored.definition)).toBe(digestOf(definition));
  const { rows } = await database.pool.query<{ digest: string }>(
    `select digest from tidegate.definition where model = 'mixed'`,
  );
  expect(rows[0]?.digest).toBe(digestOf(definition));
});

test.each([
  ['objects in objects', { as_of: 1, asOf: 2, nested: { row_count: { rowCount: [{ a_b: 1, aB: 2 }] } } }],
  ['a list of objects', [{ from_stage: 'None', fromStage: 'Staging' }, [{ x_y: null }]]],
])('evidence that is %s keeps its digest', async (_, body) => {
  const model = `evidence${Array.isArray(body) ? 1 : 2}`;
  const version = await (await candidateModel(database, model)).register();
  const written = await writeEvidence(database, {
    model,
    version,
    championVersion: null,
    body,
    expiresAt: new Date('2030-01-01'),
  });
  expect(written).toMatchObject({ body, digest: digestOf(body), championVersion: null });
  expect(await findEvidence(database, model, version)).toEqual(written);
  const bodies = await withBoth((kysely) =>
    kysely
      .selectFrom('tidegate.evidence')
      .select(['body', 'expiresAt'])
      .where('model', '=', model)
      .executeTakeFirstOrThrow(),
  );
  for (const read of bodies) expect(read).toEqual({ body, expiresAt: new Date('2030-01-01') });
});

test('the rows of SQL text have the names that the text gives them', async () => {
  const read = await withBoth((kysely) =>
    sql`select model as read_model, version as "readVersion" from tidegate.definition where model = 'mixed'`.execute(
      kysely,
    ),
  );
  for (const { rows } of read) expect(rows).toEqual([{ read_model: 'mixed', readVersion: 1 }]);
});

test('aliases keep their names, also those of expressions', async () => {
  const [read] = await withBoth((kysely) =>
    kysely
      .selectFrom('tidegate.definition as newest')
      .select(['newest.appliedBy as by', sql<number>`version + 1`.as('nextVersion')])
      .where('newest.model', '=', 'mixed')
      .orderBy('newest.appliedAt')
      .execute(),
  );
  expect(read).toEqual([{ by: 'ada', nextVersion: 2 }]);
});

test('a query that names a column as the database does is refused by the type checker', async () => {
  const query = database.kysely
    .selectFrom('tidegate.definition')
    // @ts-expect-error: the column is `appliedBy`
    .select('applied_by');
  expect(Object.keys(await query.executeTakeFirstOrThrow())).toEqual(['appliedBy']);
});

test('an insert takes only the columns of its table from an object that has more properties', async () => {
  await (await candidateModel(database, 'wide')).register();
  const retrain = await openRetrain(database, {
    id: 'wide/more',
    model: 'wide',
    reportId: null,
    asOf: null,
    trigger: 'manual',
    requestedBy: 'ada',
    workflowId: 'w',
    runId: 'r',
    ...{ taskQueue: 'not a column' },
  });
  expect(retrain).toMatchObject({ id: 'wide/more', claimedBy: 'ada', outcome: null });
});
