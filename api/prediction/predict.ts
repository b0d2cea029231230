// Answers a request: rows or look-ups, scored by one version.
import { type Feature } from '../../domain/features/define-model.ts';
import { type FeatureRecord } from '../../domain/features/frame.ts';
import { TidegateError } from '../../domain/errors.ts';
import { type LookUp } from '../../store/online/lookup.ts';
import { type PredictBody, type Prediction } from '../schemas/prediction.ts';
import { type ServingModel } from '../serving/serving-model.ts';
import { nameEntityKey, readEntityKeys, type RequestKey } from './entity-key.ts';
import { onlineRecord } from './online-record.ts';
import { readFeatures, type RequestRow } from './read-features.ts';

/** One row to score, and what the answer and the log say of it. */
export interface Subject {
  readonly record: FeatureRecord;
  readonly entityKey: readonly string[] | null;
  readonly asOf?: Date;
}

/** A prediction beside the row it was made from. */
export interface Answered {
  readonly subject: Subject;
  readonly prediction: Prediction;
}

/**
 * Scores everything that a request asks for, by one version.
 *
 * @throws TidegateError INVALID_REQUEST, UNKNOWN_ENTITY, UNKNOWN_FEATURE, INVALID_FEATURE
 */
export async function predict(model: ServingModel, body: PredictBody, lookUp: LookUp): Promise<Answered[]> {
  const subjects = await subjectsOf(model, body, lookUp);
  return subjects.map((subject) => {
    const prediction = {
      ...(subject.entityKey && { key: nameEntityKey(model.entityKeys, subject.entityKey) }),
      score: model.score(subject.record),
      features_used: featuresUsed(model.features, subject.record),
      missing: missingFeatures(model.features, subject.record),
      ...(subject.asOf && { as_of: subject.asOf.toISOString() }),
    };
    return { subject, prediction };
  });
}

async function subjectsOf(model: ServingModel, body: PredictBody, lookUp: LookUp): Promise<Subject[]> {
  if (body.features) return fromRows(model, [{ at: 'features', features: body.features }]);
  if (body.rows) {
    const rows = body.rows.map((features, index) => ({ at: `rows.${index}`, features }));
    return fromRows(model, rows);
  }
  if (body.key) return fromKeys(model, [{ at: 'key', key: body.key }], lookUp);
  const keys = (body.keys ?? []).map((key, index) => ({ at: `keys.${index}`, key }));
  return fromKeys(model, keys, lookUp);
}

const fromRows = (model: ServingModel, rows: readonly RequestRow[]): Subject[] =>
  readFeatures(model.features, rows).map((record) => ({ record, entityKey: null }));

async function fromKeys(
  model: ServingModel,
  keys: readonly RequestKey[],
  lookUp: LookUp,
): Promise<Subject[]> {
  const entityKeys = readEntityKeys(model.entityKeys, keys);
  const rows = await lookUp(
    entityKeys.map((entityKey) => ({
      model: model.model,
      definitionVersion: model.definitionVersion,
      entityKey,
    })),
  );
  const absent = keys.filter((_, index) => rows[index] === undefined);
  if (absent.length > 0) throw unknownEntity(model, absent);
  return entityKeys.flatMap((entityKey, index) => {
    const row = rows[index];
    return row ? [{ record: onlineRecord(model.features, row.features), entityKey, asOf: row.asOf }] : [];
  });
}

function unknownEntity(model: ServingModel, absent: readonly RequestKey[]): TidegateError {
  const [first] = absent;
  const more = absent.length > 1 ? ` (nor for ${absent.length - 1} more)` : '';
  return new TidegateError(
    'UNKNOWN_ENTITY',
    `${model.model} version ${model.version} has no online row for ${JSON.stringify(first?.key)}${more}`,
    {
      places: absent.map(({ at, key }) => ({ at, problem: `no online row for ${JSON.stringify(key)}` })),
    },
  );
}

/** Features as a request would send them: a flag is true or false, though it is scored as a category. */
const featuresUsed = (features: readonly Feature[], record: FeatureRecord): Prediction['features_used'] =>
  Object.fromEntries(
    features.map(({ name, spec }) => {
      const value = record[name] ?? null;
      return [name, spec.type === 'flag' && value !== null ? value === 'true' : value];
    }),
  );

const missingFeatures = (features: readonly Feature[], record: FeatureRecord): string[] =>
  features.flatMap(({ name }) => (record[name] == null ? [name] : []));
