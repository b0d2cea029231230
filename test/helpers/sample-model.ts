// Creates source tables in a separate schema, and a model over them with one view of two features and a two-column key.
import { category, numeric } from '../../domain/model/parts/column.ts';
import { defineModel, holdoutPolicy, parseDefinition, view } from '../../domain/model/define-model.ts';
import { type ModelDefinition, type ModelInput, type ViewInput } from '../../domain/model/definition.ts';
import { type Database } from '../../store/postgres/database.ts';
import { windowSql } from '../../store/join/window-sql.ts';

/** How the model of a test differs from the sample. */
export interface SampleOptions {
  /** Merged into the view. */
  readonly view?: Partial<ViewInput>;
  /** Merged into the label. */
  readonly label?: Partial<ModelInput['label']>;
  /** Merged into the model. */
  readonly model?: Partial<ModelInput>;
  /** Postgres types of the times of the entity rows and of the view. @default 'timestamptz' */
  readonly spineTime?: string;
  readonly viewTime?: string;
}

/** A row to write into a source table; absent columns are null, and `region` defaults to `eu`. */
export type SourceRow = Readonly<Record<string, unknown>>;

/** A row that the point-in-time join returns. */
export interface JoinedRow {
  readonly entity_key: string;
  readonly row_time: number;
  readonly held_out: boolean;
  readonly label: number | null;
  readonly hours: number | null;
  readonly plan: string | null;
  readonly matched_0: boolean | null;
  readonly hidden_0: boolean;
}

/** Tables `spine`, `usage` and `outcome`, and the model that joins them. */
export interface SampleModel {
  readonly definition: ModelDefinition;
  /** Returns the name of a table with its schema. */
  table(name: SampleTable): string;
  insert(name: SampleTable, ...rows: SourceRow[]): Promise<void>;
  /** Returns the joined rows of a window, by default of all time. */
  join(options?: { from?: string; to?: string; asKnownAt?: string }): Promise<JoinedRow[]>;
}

export type SampleTable = 'spine' | 'usage' | 'outcome';

/** Returns only the definition, for a schema that has the tables. */
export const sampleDefinition = (schema: string, options: SampleOptions = {}): ModelDefinition =>
  parseDefinition(
    defineModel({
      name: schema,
      entity: { name: 'user', keys: ['user_id', 'region'] },
      rows: { table: `${schema}.spine`, timestamp: 'at' },
      features: [
        view({
          table: `${schema}.usage`,
          timestamp: 'at',
          columns: { hours: numeric(), plan: category(['a', 'b']) },
          ...options.view,
        }),
      ],
      label: {
        table: `${schema}.outcome`,
        column: 'gone',
        timestamp: 'at',
        known: 'loaded_at',
        ...options.label,
      },
      monitor: { every: '1 month', window: '1 month' },
      training: { trainer: 'logistic-regression', window: '1 month' },
      promotion: {},
      // Saves time; a test that is about the domain classifier turns it on.
      drift: { multivariate: false },
      ...options.model,
    }),
  );

/** Creates the tables and the model; the schema and the model have the same name. */
export async function sampleModel(
  database: Database,
  schema: string,
  options: SampleOptions = {},
): Promise<SampleModel> {
  const { spineTime = 'timestamptz', viewTime = 'timestamptz' } = options;
  const key = 'user_id text, region text';
  await database.pool.query(`
    create schema ${schema};
    create table ${schema}.spine (${key}, at ${spineTime});
    create table ${schema}.usage (${key}, at ${viewTime}, loaded_at timestamptz, hours float8, plan text);
    create table ${schema}.outcome (${key}, at ${spineTime}, loaded_at timestamptz, gone boolean);
  `);
  const definition = sampleDefinition(schema, options);
  const table = (name: SampleTable): string => `${schema}.${name}`;
  return {
    definition,
    table,
    async insert(name, ...rows) {
      const filled = rows.map((row) => ({ region: 'eu', ...row }));
      await database.pool.query(
        `insert into ${table(name)} select * from jsonb_populate_recordset(null::${table(name)}, $1)`,
        [JSON.stringify(filled)],
      );
    },
    async join({ from = '2000-01-01Z', to = '2100-01-01Z', asKnownAt = '2100-01-01Z' } = {}) {
      const { rows } = await database.pool.query<JoinedRow>(
        windowSql(definition, holdoutPolicy(definition)),
        [from, to, asKnownAt],
      );
      return rows;
    },
  };
}
