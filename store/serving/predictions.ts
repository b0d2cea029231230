// The prediction log: what was asked, and which version answered what.
import { type Database } from '../database.ts';

/** One prediction as it is logged. */
export interface LoggedPrediction {
  readonly model: string;
  readonly version: number;
  /** Key values in the order of the entity's keys; null where features came with the request. */
  readonly entityKey: readonly string[] | null;
  readonly features: Readonly<Record<string, number | string | null>>;
  readonly score: number;
  readonly at: Date;
}

/** Writes predictions of one instance in one statement. */
export async function writePredictions(
  database: Database,
  instance: string,
  rows: readonly LoggedPrediction[],
): Promise<void> {
  await database.pool.query(
    `insert into tidegate.prediction (model, version, entity_key, features, score, instance, at)
     select model, version, entity_key::jsonb, features::jsonb, score, $7, at
     from unnest($1::text[], $2::int[], $3::text[], $4::text[], $5::float8[], $6::timestamptz[])
       as logged (model, version, entity_key, features, score, at)`,
    [
      rows.map(({ model }) => model),
      rows.map(({ version }) => version),
      rows.map(({ entityKey }) => entityKey && JSON.stringify(entityKey)),
      rows.map(({ features }) => JSON.stringify(features)),
      rows.map(({ score }) => score),
      rows.map(({ at }) => at.toISOString()),
      instance,
    ],
  );
}
