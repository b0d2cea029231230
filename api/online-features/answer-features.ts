// Answers a look-up of online features with one list of values for each feature.
import { type FeatureRecord } from '../../domain/data/frame.ts';
import { type PastMaxAge } from '../../domain/model/max-age.ts';
import { type LookUp } from '../../store/online/lookup.ts';
import { completeRow } from '../prediction/complete-row.ts';
import { sentValue } from '../prediction/read-features.ts';
import { refuseTooOld, usableValues } from '../prediction/usable-values.ts';
import { type KeyValue } from '../schemas/common.ts';
import { type FeatureStatus, type OnlineFeaturesAnswer } from '../schemas/online-features.ts';
import { type ChosenFeature } from './choose-features.ts';
import { type OnlineModel } from './online-model.ts';

type Column = OnlineFeaturesAnswer['results'][number];

/** The values of one entity and model that may be used. */
interface FoundRow {
  readonly record: FeatureRecord;
  readonly viewTimes: readonly (number | null)[];
  readonly tooOld: readonly PastMaxAge[];
}

/** A look-up with its references resolved. */
export interface FeaturesRequest {
  readonly features: readonly ChosenFeature[];
  /** Key columns of the entity; `entities` has a list of their values for each entity. */
  readonly columns: readonly string[];
  readonly entities: readonly (readonly KeyValue[])[];
}

/** The timestamp to return if there is no value. */
const NO_TIME = new Date(0).toISOString();

/**
 * Looks up the features of a request.
 *
 * @throws TidegateError VALUES_TOO_OLD if a requested view refuses values older than its maxAge
 */
export async function answerFeatures(
  { features, columns, entities }: FeaturesRequest,
  { lookUp, now }: { readonly lookUp: LookUp; readonly now: Date },
): Promise<OnlineFeaturesAnswer> {
  const models = [...new Set(features.map(({ of }) => of))];
  const found = new Map<OnlineModel, readonly (FoundRow | undefined)[]>();
  for (const model of models) {
    const views = new Set(features.filter(({ of }) => of === model).flatMap(({ feature }) => feature.views));
    found.set(model, await findRows(model, views, { columns, entities }, { lookUp, now }));
  }
  return {
    metadata: { feature_names: [...columns, ...features.map(({ name }) => name)] },
    results: [
      ...columns.map((_, place) => keyColumn(entities.map((key) => key[place] ?? ''))),
      ...features.map((chosen) => featureColumn(chosen, found.get(chosen.of) ?? [])),
    ],
  };
}

async function findRows(
  { model, definitionVersion, shape, ageLimits, definition }: OnlineModel,
  views: ReadonlySet<number>,
  { columns, entities }: Omit<FeaturesRequest, 'features'>,
  { lookUp, now }: { readonly lookUp: LookUp; readonly now: Date },
): Promise<(FoundRow | undefined)[]> {
  const places = definition.entity.keys.map((key) => columns.indexOf(key));
  const keys = entities.map((entity) => places.map((place) => String(entity[place] ?? '')));
  const rows = await lookUp(keys.map((entityKey) => ({ model, definitionVersion, entityKey })));
  const limits = ageLimits.filter(({ view }) => views.has(view));
  const found = rows.map((row): FoundRow | undefined => {
    if (!row) return undefined;
    const { stored, tooOld } = usableValues(limits, row, now);
    const rowTimeMicros = 1_000 * row.asOf.getTime();
    const record = completeRow(shape, { stored, sent: new Map(), rowTimeMicros });
    return { record, viewTimes: row.viewTimes, tooOld };
  });
  refuseTooOld(found.map((row, index) => ({ at: `entities.${index}`, tooOld: row?.tooOld ?? [] })));
  return found;
}

const keyColumn = (values: KeyValue[]): Column => ({
  values,
  statuses: values.map(() => 'PRESENT'),
  event_timestamps: values.map(() => NO_TIME),
});

function featureColumn({ feature }: ChosenFeature, rows: readonly (FoundRow | undefined)[]): Column {
  const { name, spec, views } = feature;
  const column: Column = { values: [], statuses: [], event_timestamps: [] };
  for (const row of rows) {
    const times = views.flatMap((view) => row?.viewTimes[view] ?? []);
    const value = sentValue(spec, row?.record[name]);
    column.values.push(value);
    column.statuses.push(statusOf(value, times, row, views));
    // If a value is derived from several views, its timestamp is the oldest timestamp of these views.
    column.event_timestamps.push(
      times.length === 0 ? NO_TIME : new Date(Math.floor(Math.min(...times) / 1_000)).toISOString(),
    );
  }
  return column;
}

function statusOf(
  value: Column['values'][number],
  times: readonly number[],
  row: FoundRow | undefined,
  views: readonly number[],
): FeatureStatus {
  if (!row) return 'NOT_FOUND';
  if (row.tooOld.some(({ limit }) => views.includes(limit.view))) return 'OUTSIDE_MAX_AGE';
  if (value !== null) return 'PRESENT';
  return times.length === 0 ? 'NOT_FOUND' : 'NULL_VALUE';
}
