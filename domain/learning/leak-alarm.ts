// The leak alarm: features that know the label, named before anything is trained on them.
import { type LeakAlarmInput } from '../model/schema/training-schema.ts';
import { intervalInWords } from '../data/math/interval.ts';
import { percent } from '../numbers-in-words.ts';
import { type Failed, failedInWords } from '../judgements.ts';
import { type LoneFeature } from './lone-feature.ts';
import { type FeatureColumn, type Frame } from '../data/frame.ts';

/** What is held against the features of a training window. */
export interface LeakPolicy {
  /** What an alarm does: refuses the retrain, or is told with the version. */
  readonly then: 'refuse' | 'warn';
  /** An AUC that is surely above this is implausible of one feature; from 0.5 to 1. */
  readonly auc: number;
  /** Features that are known to be right as they are. */
  readonly allow: readonly string[];
}

/** A view of which values became known after the label. */
export interface LateView {
  readonly table: string;
  readonly features: readonly string[];
  /** Training rows looked at that have a value of the view and a label whose time is known. */
  readonly rows: number;
  /** Of those, rows whose value became known after the label. */
  readonly late: number;
}

/** What the alarm looked at and found. Plain JSON. */
export interface LeakCheck extends LeakPolicy {
  /** Training rows that features were judged on alone: all, or a part of a large window. */
  readonly rows: number;
  readonly features: number;
  /** Features that alone predict the label implausibly well. */
  readonly alone: readonly LoneFeature[];
  /** Views that are known only after the label; null where the label's table does not say when it became known. */
  readonly late: readonly LateView[] | null;
  /** Why the check was due and could not be made; absent if it was made. */
  readonly failed?: Failed;
}

/** Largest share of a view's rows that may have become known after the label. */
const MAX_LATE = 0.05;

const MAX_NAMED = 10;

const DEFAULTS: LeakPolicy = { then: 'refuse', auc: 0.95, allow: [] };

/**
 * The policy of a definition. An alarm refuses unless the definition says otherwise: a leak looks excellent on every
 * holdout row, so no later step would find it.
 *
 * @example leakPolicyOf(undefined) // { then: 'refuse', auc: 0.95, allow: [] }
 */
export function leakPolicyOf(input: LeakAlarmInput | undefined): LeakPolicy {
  const { then, auc, allow }: Exclude<LeakAlarmInput, string> =
    typeof input === 'string' ? { then: input } : (input ?? {});
  return { then: then ?? DEFAULTS.then, auc: auc ?? DEFAULTS.auc, allow: allow ?? DEFAULTS.allow };
}

/** A check that was due and could not be made. @example leakCheckFailed(leakPolicyOf(undefined), failed).alone // [] */
export const leakCheckFailed = (policy: LeakPolicy, failed: Failed): LeakCheck => ({
  ...policy,
  rows: 0,
  features: 0,
  alone: [],
  late: null,
  failed,
});

/** What a check looked at, before it is judged. */
export interface LeakFacts {
  readonly rows: number;
  readonly features: number;
  readonly alone: readonly LoneFeature[];
  readonly views: readonly LateView[] | null;
}

/**
 * Judges what was measured, on all rows first and then on the newest: a feature is implausible where its AUC is surely above the bound, or 1; a view is late where
 * more than 5 % of its rows became known after the label.
 *
 * @example judgeLeaks({ rows, features, alone, views }, leakPolicyOf(definition.training.leakAlarm))
 */
export function judgeLeaks({ rows, features, alone, views }: LeakFacts, policy: LeakPolicy): LeakCheck {
  const allowed = new Set(policy.allow);
  return {
    ...policy,
    rows,
    features,
    alone: eachOnce(
      alone.filter(({ feature, auc }) => !allowed.has(feature) && (auc.low > policy.auc || auc.value === 1)),
    ).sort((a, b) => b.auc.low - a.auc.low),
    late:
      views &&
      views
        .map((view) => ({ ...view, features: view.features.filter((feature) => !allowed.has(feature)) }))
        .filter((view) => view.features.length > 0 && view.late > MAX_LATE * view.rows),
  };
}

/** Of what is found on all rows and on the newest, the first: a leak of long standing is said to be one. */
const eachOnce = (found: readonly LoneFeature[]): LoneFeature[] => [
  ...new Map([...found].reverse().map((one) => [one.feature, one])).values(),
];

/** Whether the check keeps the window from being trained on. @example isRefused(check) */
export const isRefused = (check: LeakCheck): boolean => check.then === 'refuse' && alarmsOf(check).length > 0;

/** Each alarm in words, with the features it names; of more than ten the rest is counted. Empty where there is none. */
export function alarmsOf({ alone, late, auc: bound }: LeakCheck): string[] {
  const alarms = [
    ...alone.map(({ feature, auc, measure, since }) => {
      const when = since === undefined ? '' : ` in the rows after ${since.slice(0, 10)}`;
      const how = `${measure === 'order' ? 'by its order' : 'by the rate of positives at each value'}${when}`;
      return auc.value === 1
        ? `${feature} alone separates the classes without an error, ${how}: it may be made from the label`
        : `${feature} alone predicts the label with AUC ${intervalInWords(auc, bound, 1)} ${how}, surely above ${bound}: it may be made from the label`;
    }),
    ...(late ?? []).map(
      ({ table, features, rows, late: count }) =>
        `${atMost(features, 'columns').join(', ')} of ${table} became known after the label in ` +
        `${percent(count / rows)} of ${rows} training rows`,
    ),
  ];
  return atMost(alarms, 'alarms');
}

/** Words that go into the history of a run and before a reader are few. */
const atMost = (words: readonly string[], what: string): string[] =>
  words.length <= MAX_NAMED
    ? [...words]
    : [...words.slice(0, MAX_NAMED), `and ${words.length - MAX_NAMED} more ${what}`];

/** The check in one line, for a run's details. */
export function describeLeakCheck(check: LeakCheck): string {
  if (check.failed) return failedInWords('leak check', check.failed);
  const alarms = alarmsOf(check);
  const looked = `${check.features} features on ${check.rows} training rows`;
  const times = check.late === null ? '; when labels became known is not on record' : '';
  if (alarms.length === 0) return `no leak found among ${looked}${times}`;
  return `${check.then === 'refuse' ? 'LEAK_SUSPECTED' : 'leak suspected'} among ${looked}: ${alarms.join('; ')}${times}`;
}

/**
 * At most `most` rows of each class, evenly spaced in the order given; ascending where the rows are. What depends on
 * the order of scores between classes alone, as an AUC does, is estimated without bias however many of each are taken.
 *
 * @param labels 0 or 1 at each of the rows @param most at least 1
 * @example evenlyByClass(frame.labels, trainingRows(frame), 25_000)
 */
export function evenlyByClass(labels: ArrayLike<number>, rows: Uint32Array, most: number): Uint32Array {
  const counts = [0, 0];
  for (const row of rows) counts[labels[row]!]! += 1;
  const seen = [0, 0];
  return rows.filter((row) => {
    const label = labels[row]!;
    const place = seen[label]!;
    seen[label] = place + 1;
    if (counts[label]! <= most) return true;
    // The k-th of the class is taken where k · most / count passes a whole number.
    return Math.floor(((place + 1) * most) / counts[label]!) > Math.floor((place * most) / counts[label]!);
  });
}

/** @param instant excluded @example rowsSince(frame, new Date('2024-01-31Z')).rows */
export function rowsSince(frame: Frame, instant: Date): Frame {
  const micros = BigInt(instant.getTime()) * 1_000n;
  const rows = Uint32Array.from(frame.labels.keys()).filter((row) => frame.times[row]! > micros);
  return {
    rows: rows.length,
    features: frame.features.map((column): FeatureColumn =>
      column.kind === 'numeric'
        ? { ...column, values: Float64Array.from(rows, (row) => column.values[row]!) }
        : { ...column, codes: rows.map((row) => column.codes[row]!) },
    ),
    labels: Uint8Array.from(rows, (row) => frame.labels[row]!),
    holdout: Uint8Array.from(rows, (row) => frame.holdout[row]!),
    clusters: rows.map((row) => frame.clusters[row]!),
    times: BigInt64Array.from(rows, (row) => frame.times[row]!),
  };
}
