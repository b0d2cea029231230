// Fills a database with a served model of 14 features, its online rows and a key, for the serving bench.
import { digestOf } from '../domain/canonical-json.ts';
import { type Artifact } from '../domain/learning/artifact/artifact.ts';
import { type ColumnEncoding } from '../domain/learning/encode/encoding.ts';
import { parseDefinition, sourceColumnsOf } from '../domain/model/define-model.ts';
import { isNumeric } from '../domain/model/parts/column.ts';
import { tidegateMigrations } from '../migrations/tidegate/index.ts';
import churn from '../models/churn.ts';
import { type Database, inTransaction } from '../store/postgres/database.ts';
import { migrate } from '../store/postgres/migrate.ts';
import { createKey } from '../store/identity/keys.ts';
import { createPerson, grantRole } from '../store/identity/people.ts';
import { registerVersion } from '../store/registry/versions.ts';

export const definition = parseDefinition(churn);

/** A row of the 14 features as a client sends it. */
export const ROW = {
  watch_hours_30d: 31.417,
  avg_session_mins_7d: 44.02,
  unique_devices_30d: 3,
  skips_7d: 7,
  rebuffer_events_7d: 1,
  months_active: 14,
  monthly_fee: 70.35,
  plan_stream_tv: true,
  plan_stream_movies: false,
  paperless_billing: true,
  net_service: 'Fiber optic',
  failed_payments_90d: 0,
  support_tickets_90d: 2,
  ticket_avg_resolution_hrs_90d: 12.5,
};

const encodings = sourceColumnsOf(definition).map(({ name, spec }): ColumnEncoding => {
  if (isNumeric(spec)) return { kind: 'numeric', name, scale: { mean: 10, sd: 12.5 }, missing: true };
  const levels = spec.type === 'flag' ? ['false', 'true'] : ['DSL', 'Fiber optic', 'No'];
  return { kind: 'category', name, levels, other: false, missing: false };
});

const widthOf = (column: ColumnEncoding): number => (column.kind === 'numeric' ? 2 : column.levels.length);

/** A linear version of the 14 features with made-up coefficients. */
const artifact: Artifact = {
  format: 1,
  trainer: 'logistic-regression',
  seed: 1,
  encoding: { columns: encodings, dropped: [] },
  coefficients: [
    -0.3,
    ...encodings.flatMap((column, at) =>
      Array.from({ length: widthOf(column) }, (_, n) => (at - 6) / 40 + n / 9),
    ),
  ],
  prior: 0.5,
  l2: 1,
  trainedRows: 100,
  positives: 50,
  steps: 1,
  effects: [],
  gradientNorm: 0,
};

/**
 * Migrates the database and puts a version of each model into Production.
 *
 * @param models their names
 * @param entities number of online rows of the first model, with the keys u0, u1, …
 * @returns a key that may ask for predictions
 */
export async function fillServingWorld(
  database: Database,
  models: readonly string[],
  entities: number,
): Promise<string> {
  await migrate(database, tidegateMigrations);
  for (const model of models) await addModel(database, model);
  const features = JSON.stringify({
    ...ROW,
    plan_stream_tv: 'true',
    plan_stream_movies: 'false',
    paperless_billing: 'true',
  });
  await database.pool.query(
    `insert into tidegate.online_row (model, definition_version, entity_key, as_of, row_time, features, view_times)
     select $1, 1, jsonb_build_array('u' || n), '2024-02-01Z', '2024-02-01Z', $2::jsonb || jsonb_build_object('skips_7d', n % 100), '[1706745600000000,1706745600000000,1706745600000000,1706745600000000]'
     from generate_series(0, $3::int - 1) as n`,
    [models[0], features, entities],
  );
  await database.pool.query('analyze tidegate.online_row');
  const { kysely } = database;
  const person = await createPerson(kysely, { name: 'bench', owner: null, createdBy: null });
  await grantRole(kysely, { personId: person.id }, { role: 'predictor', model: null }, null);
  const key = { principalId: person.id, roles: ['predictor' as const], models: null, createdBy: null };
  return (await createKey(kysely, key)).secret;
}

async function addModel(database: Database, model: string): Promise<void> {
  const body = { ...definition, name: model };
  const { kysely } = database;
  await kysely
    .insertInto('tidegate.model')
    .values({
      name: model,
      entityKeys: JSON.stringify(body.entity.keys),
      label: JSON.stringify(body.label),
      holdout: JSON.stringify(body.holdout),
    })
    .execute();
  await kysely
    .insertInto('tidegate.definition')
    .values({ model, version: 1, body: JSON.stringify(body), digest: digestOf(body), appliedBy: 'bench' })
    .execute();
  const { id: datasetId } = await kysely
    .insertInto('tidegate.dataset')
    .values({
      request: `bench/${model}`,
      model,
      definitionVersion: 1,
      windowFrom: '2024-01-01',
      windowTo: '2024-02-01',
      asKnownAt: '2024-02-01',
      rowCount: 100,
      labelledRows: 100,
      trainingRows: 80,
      holdoutRows: 20,
      columns: '[]',
      digest: 'x',
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  const retrainId = `bench/${model}`;
  await kysely
    .insertInto('tidegate.retrain')
    .values({
      id: retrainId,
      model,
      trigger: 'bench',
      requestedBy: 'bench',
      workflowId: 'bench',
      runId: 'bench',
    })
    .execute();
  await registerVersion(database, {
    model,
    definitionVersion: 1,
    retrainId,
    datasetId,
    trainer: 'logistic-regression',
    artifact,
    reference: {},
  });
  // Without triggers, because a promotion needs a decision, which does not matter here.
  await inTransaction(database, async (client) => {
    await client.query('set local session_replication_role = replica');
    await client.query(`update tidegate.version set stage = 'Production' where model = $1`, [model]);
  });
}
