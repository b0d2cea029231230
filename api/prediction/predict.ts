// Answers a prediction request: looks up or reads the rows and scores them with one version.
import { type Feature } from '../../domain/model/define-model.ts';
import { type PastMaxAge } from '../../domain/model/max-age.ts';
import { type FeatureRecord } from '../../domain/data/frame.ts';
import { MAX_PLACES, type Place, TidegateError } from '../../domain/errors.ts';
import { excerpt } from '../../domain/excerpt.ts';
import { type LookUp, type OnlineRow } from '../../store/online/lookup.ts';
import { type PredictBody, type Prediction, readInstant } from '../schemas/prediction.ts';
import { type ServingModel } from '../serving/serving-model.ts';
import { completeRow } from './complete-row.ts';
import { readFeatures, type RequestRow, sentValue } from './read-features.ts';
import { newPredictionId } from './prediction-id.ts';
import { formatMaxAge, refuseTooOld, usableValues } from './usable-values.ts';
import { keepsOnline, type ModelDefinition } from '../../domain/model/definition.ts';
import { type KeyValue } from '../schemas/common.ts';

/** One row to score, with what the answer and the prediction log need to know about it. */
export interface Subject {
  readonly record: FeatureRecord;
  /** The key as a JSON array of texts, as in the online row; null if the request names no entity. */
  readonly entityKey: string | null;
  /** The key as it was sent. */
  readonly sentKey?: RequestKey['key'];
  /** As-of of the online row, or the row time in the request. */
  readonly asOf?: Date;
  /** Columns whose values the request sent for an entity, instead of the stored ones. */
  readonly overridden?: readonly string[];
  /** Views whose stored values are older than their maxAge. */
  readonly tooOld?: readonly PastMaxAge[];
}

/** A prediction and the row that it was made from. */
export interface Answered {
  readonly subject: Subject;
  readonly prediction: Prediction;
}

/** Dependencies of {@link predict}. */
export interface PredictDeps {
  readonly lookUp: LookUp;
  /** The current time: the row time of rows without an entity or `as_of`, and the time that the age of stored values is measured at. */
  readonly now: Date;
}

/**
 * Scores all rows of a request with one version.
 *
 * @throws TidegateError INVALID_REQUEST, ONLINE_OFF, UNKNOWN_ENTITY, UNKNOWN_FEATURE, INVALID_FEATURE, VALUES_TOO_OLD
 */
export async function predict(
  model: ServingModel,
  body: PredictBody,
  deps: PredictDeps,
): Promise<Answered[]> {
  const subjects = await subjectsOf(model, body, deps);
  const { features } = model.shape;
  const scored = model.score(subjects.map(({ record }) => record));
  // Linear models score synchronously; awaiting their result would cost a turn of the event loop.
  const scores = scored instanceof Promise ? await scored : scored;
  return subjects.map((subject, at) => {
    const score = scores[at]!;
    const prediction = {
      id: newPredictionId(deps.now.getTime()),
      ...(subject.sentKey && { key: subject.sentKey }),
      score,
      positive: score >= model.threshold,
      ...(body.explain === true && explanationOf(model, subject.record)),
      missing: missingFeatures(features, subject.record),
      ...(subject.overridden && { overridden: [...subject.overridden] }),
      ...(subject.asOf && { as_of: subject.asOf.toISOString() }),
      ...(subject.tooOld?.length && { past_max_age: subject.tooOld.map(pastMaxAgeAnswer) }),
    };
    return { subject, prediction };
  });
}

async function subjectsOf(
  model: ServingModel,
  body: PredictBody,
  { lookUp, now }: PredictDeps,
): Promise<Subject[]> {
  const entries = entriesOf(body);
  const noFeatures = { at: '', features: {} };
  const sent = readFeatures(
    model.shape,
    entries.map(({ row = noFeatures }) => row),
  );
  const found = await findRows(model, entries, lookUp);
  const asOf = body.as_of === undefined ? undefined : readInstant(body.as_of);
  const subjects = entries.map((entry, index): Subject => {
    const values = sent[index] ?? new Map();
    const entity = found.get(entry);
    if (!entity) {
      const record = completeRow(model.shape, { sent: values, rowTimeMicros: asOf ?? microsOf(now) });
      return {
        record,
        entityKey: null,
        ...(asOf !== undefined && { asOf: new Date(Math.floor(asOf / 1_000)) }),
      };
    }
    const { key: entityKey, row } = entity;
    const { stored, tooOld } = usableValues(model.ageLimits, row, now, values);
    return {
      record: completeRow(model.shape, {
        stored,
        sent: values,
        rowTimeMicros: microsOf(row.asOf),
      }),
      entityKey: JSON.stringify(entityKey),
      ...(entry.key && { sentKey: entry.key.key }),
      asOf: row.asOf,
      ...(entry.row && { overridden: [...values.keys()] }),
      tooOld,
    };
  });
  refuseTooOld(subjects.map(({ tooOld = [] }, index) => ({ at: entries[index]?.key?.at ?? 'key', tooOld })));
  return subjects;
}

const pastMaxAgeAnswer = ({
  limit,
  timestamp,
}: PastMaxAge): NonNullable<Prediction['past_max_age']>[number] => ({
  view: limit.name,
  timestamp: timestamp.toISOString(),
  max_age: formatMaxAge(limit),
  used: limit.then === 'warn',
});

const microsOf = (instant: Date): number => instant.getTime() * 1_000;

interface Entity {
  readonly key: readonly string[];
  readonly row: OnlineRow;
}

/** Looks up the online rows of the entries that name an entity. */
async function findRows(
  model: ServingModel,
  entries: readonly Entry[],
  lookUp: LookUp,
): Promise<Map<Entry, Entity>> {
  const keyed = entries.flatMap((entry) => (entry.key ? [{ entry, requested: entry.key }] : []));
  if (keyed.length === 0) return new Map();
  refuseWithoutOnline(model);
  const keys = readEntityKeys(
    model.entityKeys,
    keyed.map(({ requested }) => requested),
  );
  const { model: name, definitionVersion } = model;
  const rows = await lookUp(keys.map((entityKey) => ({ model: name, definitionVersion, entityKey })));
  const absent = keyed.flatMap(({ requested }, index) => (rows[index] ? [] : [requested]));
  if (absent.length > 0) throw unknownEntity(model, absent);
  return new Map(
    keyed.map(({ entry }, index) => [entry, { key: keys[index], row: rows[index] } as Entity] as const),
  );
}

function unknownEntity(model: ServingModel, absent: readonly RequestKey[]): TidegateError {
  const [first] = absent;
  const more = absent.length > 1 ? ` (nor for ${absent.length - 1} more)` : '';
  return new TidegateError(
    'UNKNOWN_ENTITY',
    `${model.model} version ${model.version} has no online row for ${shown(first)}${more}`,
    {
      places: absent
        .slice(0, MAX_PLACES)
        .map((key) => ({ at: key.at, problem: `no online row for ${shown(key)}` })),
    },
  );
}

const shown = (requested: RequestKey | undefined): string => excerpt(JSON.stringify(requested?.key ?? {}));

/** What a prediction was made from: its features and, if the version can say so, what each of them added. */
function explanationOf(
  { shape, explain }: ServingModel,
  record: FeatureRecord,
): Pick<Prediction, 'features_used' | 'explanation'> {
  const features_used = featuresUsed(shape.features, record);
  if (!explain) return { features_used };
  const { base, contributions } = explain(record);
  const added = contributions.map(({ feature, logOdds }) => ({ feature, log_odds: logOdds }));
  return { features_used, explanation: { base, contributions: added } };
}

/** Returns features in the types in which a request would send them. */
export const featuresUsed = (
  features: readonly Feature[],
  record: FeatureRecord,
): NonNullable<Prediction['features_used']> =>
  Object.fromEntries(features.map(({ name, spec }) => [name, sentValue(spec, record[name])]));

const missingFeatures = (features: readonly Feature[], record: FeatureRecord): string[] =>
  features.flatMap(({ name }) => (record[name] == null ? [name] : []));

/** One requested prediction. */
interface Entry {
  readonly key?: RequestKey;
  readonly row?: RequestRow;
}

/** Converts any form of the request to a list of entries, in order. */
function entriesOf({ key, features, keys, rows, entries }: PredictBody): Entry[] {
  if (entries) return entries.map((entry, index) => entryAt(`entries.${index}.`, entry));
  if (keys) return keys.map((each, index) => ({ key: { at: `keys.${index}`, key: each } }));
  if (rows) return rows.map((each, index) => ({ row: { at: `rows.${index}`, features: each } }));
  return [entryAt('', { key, features })];
}

const entryAt = (at: string, { key, features }: Pick<PredictBody, 'key' | 'features'>): Entry => ({
  ...(key && { key: { at: `${at}key`, key } }),
  ...(features && { row: { at: `${at}features`, features } }),
});

/** Refuses a model without online rows. @throws TidegateError ONLINE_OFF if the definition has `online: 'off'` */
export function refuseWithoutOnline({
  model,
  definition,
}: {
  readonly model: string;
  readonly definition: ModelDefinition;
}): void {
  if (keepsOnline(definition)) return;
  throw new TidegateError(
    'ONLINE_OFF',
    `${model} has no online rows (online: 'off'), so nothing can be looked up by key`,
  );
}

/** A key of a request and its place there: `key` or `keys.3`. */
interface RequestKey {
  readonly at: string;
  readonly key: Readonly<Record<string, KeyValue>>;
}

/**
 * Returns the key values as texts in the order of the entity's key columns, as in `tidegate.online_row`.
 *
 * @throws TidegateError INVALID_REQUEST if a key column is missing or a column is not a key
 * @example readEntityKeys(['user_id'], [{ at: 'key', key: { user_id: 7 } }]) // [['7']]
 */
function readEntityKeys(columns: readonly string[], keys: readonly RequestKey[]): string[][] {
  const places: Place[] = [];
  for (const { at, key } of keys) {
    for (const column of columns) {
      if (!Object.hasOwn(key, column)) places.push({ at: `${at}.${column}`, problem: 'is missing' });
    }
    for (const column of Object.keys(key)) {
      if (!columns.includes(column))
        places.push({ at: `${at}.${excerpt(column)}`, problem: 'is not a key column of the entity' });
    }
    if (places.length >= MAX_PLACES) break;
  }
  const [first] = places;
  if (first) {
    const message = `${first.at} ${first.problem}; the key columns of the entity are ${columns.join(', ')}`;
    throw new TidegateError('INVALID_REQUEST', message, { places });
  }
  return keys.map(({ key }) => columns.map((column) => String(key[column])));
}
