// Source tables in a schema of their own, and a model over them: one view of two features, keys of two columns.
import { category, numeric } from '../../domain/model/parts/column.ts';
import { defineModel, holdoutPolicy, parseDefinition, view } from '../../domain/model/define-model.ts';
import { type ModelDefinition, type ModelInput, type ViewInput } from '../../domain/model/definition.ts';
import { type Database } from '../../store/postgres/database.ts';
import { windowSql } from '../../store/join/window-sql.ts';

/** What the model of a test has of its own. */
export interface SampleOptions {
  /** Merged into the view. */
  readonly view?: Partial<ViewInput>;
  /** Merged into the label. */
  readonly label?: Partial<ModelInput['label']>;
  /** Merged into the model. */
  readonly model?: Partial<ModelInput>;
  /** Postgres type of the spine's time, and of the view's. @default 'timestamptz' */
  readonly spineTime?: string;
  readonly viewTime?: string;
}

/** A row as it is written into a source table; absent columns are null, and `region` is `eu`. */
export type SourceRow = Readonly<Record<string, unknown>>;

/** A row as the point-in-time join gives it. */
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
  /** Name of a table with its schema. */
  table(name: SampleTable): string;
  insert(name: SampleTable, ...rows: SourceRow[]): Promise<void>;
  /** The joined rows of a window, by default of all time. */
  join(options?: { from?: string; to?: string; asKnownAt?: string }): Promise<JoinedRow[]>;
}

export type SampleTable = 'spine' | 'usage' | 'outcome';

/** The definition alone, for a schema that holds the tables. */
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
      // One hypothesis less to wait for; a test that is about it asks for it.
      drift: { multivariate: false },
      ...options.model,
    }),
  );

/** Creates the tables; the schema's name is also the model's. */
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
