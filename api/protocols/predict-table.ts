// Scores the rows of a request of another protocol, by their features or by the keys of their entities.
import { type ColumnValues } from '../../domain/learning/artifact/compiled.ts';
import { type SourceColumn } from '../../domain/model/define-model.ts';
import { errorAtPlaces, TidegateError } from '../../domain/errors.ts';
import { excerpt } from '../../domain/excerpt.ts';
import { isTemporary } from '../../store/postgres/postgres-failure.ts';
import { predictColumns } from '../prediction/predict-columns.ts';
import { predict } from '../prediction/predict.ts';
import { keyValue, type KeyValue } from '../schemas/common.ts';
import { type PredictBody, readInstant } from '../schemas/prediction.ts';
import { type Serving } from '../serving/serving.ts';
import { type ServingModel } from '../serving/serving-model.ts';
import { fitColumns, type RequestTable } from './request-table.ts';

/** The names that a table may have for a model: its columns and the keys of its entity. */
export const wantedNames = ({ compiled, entityKeys }: ServingModel): ReadonlySet<string> =>
  new Set([...compiled.inputs.map(({ name }) => name), ...entityKeys]);

/** Predictions in the order of the rows. */
export interface TablePredictions {
  /** Estimated probabilities of the positive class, in [0, 1]. */
  readonly scores: ArrayLike<number>;
  /** Ids of the predictions in the log. */
  readonly ids: readonly string[];
}

/**
 * Scores every row of a table with one version, counts the request and logs its rows. With all columns of the definition the
 * rows are scored by their features. If columns are missing but the keys of the entity are there, the stored values of the
 * entities are looked up, and the columns that were sent replace them.
 *
 * @param asOf row time as the request sent it. @default now
 * @throws TidegateError INVALID_REQUEST, INVALID_FEATURE, UNKNOWN_ENTITY, ONLINE_OFF, VALUES_TOO_OLD
 */
export async function predictTable(
  serving: Serving,
  model: ServingModel,
  table: RequestTable,
  asOf: unknown,
): Promise<TablePredictions> {
  const { inputs } = model.compiled;
  const rowTimeMicros = asOf === undefined ? undefined : readInstant(asOf);
  if (asOf !== undefined && rowTimeMicros === undefined)
    throw new TidegateError(
      'INVALID_REQUEST',
      'the parameter as_of must be a day, or an instant with its offset such as 2024-02-29T06:00:00Z',
    );
  const missing = inputs.filter(({ name }) => !table.columns.has(name));
  if (missing.length === 0 || table.rows === 0)
    return predictColumns(serving, model, fitColumns(inputs, table), table.rows, rowTimeMicros);
  if (!model.entityKeys.every((key) => table.columns.has(key))) throw lacking(missing, model);
  if (asOf !== undefined)
    throw new TidegateError(
      'INVALID_REQUEST',
      'the parameter as_of can only be sent with all columns, because an online row has its own time',
    );
  return predictEntities(serving, model, table);
}

function lacking(missing: readonly SourceColumn[], { entityKeys }: ServingModel): TidegateError {
  const places = missing.map(({ name }) => ({ at: name, problem: 'the rows do not have this column' }));
  const { message } = errorAtPlaces('INVALID_FEATURE', places);
  const keys = entityKeys.map((key) => excerpt(key)).join(', ');
  return new TidegateError('INVALID_FEATURE', message, {
    places,
    remedy: `Send every column of the model; a value may be null. Or send the key columns (${keys}), so that stored values are used.`,
  });
}

async function predictEntities(
  serving: Serving,
  model: ServingModel,
  table: RequestTable,
): Promise<TablePredictions> {
  const began = performance.now();
  const count = (status: number): void => serving.requests.count(model, status, performance.now() - began);
  try {
    const body: PredictBody = { entries: entriesOf(model, table) };
    const answered = await predict(model, body, { lookUp: serving.lookUp, now: serving.clock() });
    const at = new Date();
    serving.predictions.append(
      answered.map(({ subject: { record, entityKey }, prediction: { id, score } }) => ({
        id,
        model: model.model,
        version: model.version,
        entityKey,
        features: JSON.stringify(record),
        score,
        at,
      })),
    );
    count(200);
    return {
      scores: answered.map(({ prediction: { score } }) => score),
      ids: answered.map(({ prediction: { id } }) => id),
    };
  } catch (error) {
    if (!isTemporary(error)) count(error instanceof TidegateError ? error.status : 500);
    throw error;
  }
}

/** Converts the rows to entries of a native request. */
function entriesOf(
  { compiled, entityKeys }: ServingModel,
  table: RequestTable,
): NonNullable<PredictBody['entries']> {
  const sent = compiled.inputs.filter(({ name }) => table.columns.has(name));
  const fitted = fitColumns(sent, table);
  return Array.from({ length: table.rows }, (_, row) => ({
    key: Object.fromEntries(entityKeys.map((key) => [key, keyAt(key, table, row)])),
    ...(sent.length > 0 && {
      features: Object.fromEntries(
        sent.map(({ name, spec }, at) => [name, sentAgain(spec.type, fitted[at]!, row)]),
      ),
    }),
  }));
}

/** Reads the value of a key column. A whole number of 64 bits that a double cannot represent becomes a text. */
function keyAt(key: string, { columns }: RequestTable, row: number): KeyValue {
  const value: unknown = columns.get(key)?.[row];
  if (typeof value === 'bigint')
    return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER
      ? Number(value)
      : String(value);
  const parsed = keyValue.safeParse(value);
  if (parsed.success) return parsed.data;
  throw errorAtPlaces('INVALID_REQUEST', [
    { at: `${excerpt(key)}.${row}`, problem: parsed.error.issues[0]?.message ?? 'is not a key' },
  ]);
}

/** Writes a value as a native request sends it. */
function sentAgain(type: SourceColumn['spec']['type'], values: ColumnValues, row: number): unknown {
  const value = values?.[row] ?? null;
  if (value === null || Number.isNaN(value)) return null;
  if (type === 'flag') return value === 'true';
  if (type !== 'instant') return value;
  const micros = value as number;
  const seconds = Math.floor(micros / 1_000_000);
  const decimals = String(micros - seconds * 1_000_000).padStart(6, '0');
  return `${new Date(seconds * 1_000).toISOString().slice(0, 19)}.${decimals}Z`;
}
