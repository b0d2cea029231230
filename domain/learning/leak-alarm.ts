// The leak alarm: finds features that give the label away, before anything is trained on them.
import { type LeakAlarmInput } from '../model/schema/training-schema.ts';
import { formatInterval } from '../data/math/interval.ts';
import { percent } from '../format-numbers.ts';
import { type Failed, describeFailedJudgement } from '../judgements.ts';
import { type LoneFeature } from './lone-feature.ts';
import { type FeatureColumn, type Frame } from '../data/frame.ts';

/** How the features of a training window are checked for leaks. */
export interface LeakPolicy {
  /** Whether an alarm refuses the retrain or is only reported with the version. */
  readonly then: 'refuse' | 'warn';
  /** An AUC significantly above this is implausible for a single feature; from 0.5 to 1. */
  readonly auc: number;
  /** Features that are known to be correct and never raise an alarm. */
  readonly allow: readonly string[];
}

/** A view with values that became known after the label. */
export interface LateView {
  readonly table: string;
  readonly features: readonly string[];
  /** Checked training rows that have a value of the view and a label whose time is known. */
  readonly rows: number;
  /** Of those, rows whose value became known after the label. */
  readonly late: number;
}

/** What the alarm checked and found. Plain JSON. */
export interface LeakCheck extends LeakPolicy {
  /** Training rows that each feature was checked on: all, or a sample of a large window. */
  readonly rows: number;
  readonly features: number;
  /** Features that predict the label implausibly well on their own. */
  readonly alone: readonly LoneFeature[];
  /** Views that are known only after the label; null if the label's table does not say when labels became known. */
  readonly late: readonly LateView[] | null;
  /** Why the check failed; absent if it was made. */
  readonly failed?: Failed;
}

/** Largest share of a view's rows that may have become known after the label. */
const MAX_LATE = 0.05;

const MAX_NAMED = 10;

const DEFAULTS: LeakPolicy = { then: 'refuse', auc: 0.95, allow: [] };

/**
 * Returns the policy of a definition. By default an alarm refuses the retrain: a leak looks excellent on every holdout row
 * too, so no later step would find it.
 *
 * @example leakPolicyOf(undefined) // { then: 'refuse', auc: 0.95, allow: [] }
 */
export function leakPolicyOf(input: LeakAlarmInput | undefined): LeakPolicy {
  const { then, auc, allow }: Exclude<LeakAlarmInput, string> =
    typeof input === 'string' ? { then: input } : (input ?? {});
  return { then: then ?? DEFAULTS.then, auc: auc ?? DEFAULTS.auc, allow: allow ?? DEFAULTS.allow };
}

/** The result of a check that failed. @example leakCheckFailed(leakPolicyOf(undefined), failed).alone // [] */
export const leakCheckFailed = (policy: LeakPolicy, failed: Failed): LeakCheck => ({
  ...policy,
  rows: 0,
  features: 0,
  alone: [],
  late: null,
  failed,
});

/** The measurements of a check, before they are compared with the policy. */
export interface LeakFacts {
  readonly rows: number;
  readonly features: number;
  readonly alone: readonly LoneFeature[];
  readonly views: readonly LateView[] | null;
}

/**
 * Compares the measurements with the policy. A feature raises an alarm if its AUC is significantly above the bound or
 * exactly 1. A view is late if more than 5 % of its rows became known after the label. A feature that is found both on all
 * rows and on the newest ones is listed once, with its result on all rows.
 *
 * @example evaluateLeaks({ rows, features, alone, views }, leakPolicyOf(definition.training.leakAlarm))
 */
export function evaluateLeaks({ rows, features, alone, views }: LeakFacts, policy: LeakPolicy): LeakCheck {
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

/**
 * Keeps the first result of each feature. The result on all rows is listed before the result on the newest rows, and is
 * based on more rows.
 */
const eachOnce = (found: readonly LoneFeature[]): LoneFeature[] => [
  ...new Map([...found].reverse().map((one) => [one.feature, one])).values(),
];

/** Whether the check forbids training on the window. @example isRefused(check) */
export const isRefused = (check: LeakCheck): boolean => check.then === 'refuse' && alarmsOf(check).length > 0;

/**
 * One text per alarm, naming the features; after ten texts, only the number of further alarms. Empty if there is no
 * alarm.
 */
export function alarmsOf({ alone, late, auc: bound }: LeakCheck): string[] {
  const alarms = [
    ...alone.map(({ feature, auc, measure, since }) => {
      const when = since === undefined ? '' : ` in the rows after ${since.slice(0, 10)}`;
      const how = `${measure === 'order' ? 'by its order' : 'by the rate of positives at each value'}${when}`;
      return auc.value === 1
        ? `${feature} alone separates the classes without an error, ${how}: it may be derived from the label`
        : `${feature} alone predicts the label with AUC ${formatInterval(auc, bound, 1)} ${how}, significantly above ${bound}: it may be derived from the label`;
    }),
    ...(late ?? []).map(
      ({ table, features, rows, late: count }) =>
        `${atMost(features, 'columns').join(', ')} of ${table} became known after the label in ` +
        `${percent(count / rows)} of ${rows} training rows`,
    ),
  ];
  return atMost(alarms, 'alarms');
}

/** Shortens a list to ten entries and a count of the rest, because it goes into a run's history and is read by people. */
const atMost = (texts: readonly string[], what: string): string[] =>
  texts.length <= MAX_NAMED
    ? [...texts]
    : [...texts.slice(0, MAX_NAMED), `and ${texts.length - MAX_NAMED} more ${what}`];

/** Describes the check in one line, for a run's details. */
export function describeLeakCheck(check: LeakCheck): string {
  if (check.failed) return describeFailedJudgement('leak check', check.failed);
  const alarms = alarmsOf(check);
  const looked = `${check.features} features on ${check.rows} training rows`;
  const times = check.late === null ? '; when labels became known is not recorded' : '';
  if (alarms.length === 0) return `no leak found among ${looked}${times}`;
  return `${check.then === 'refuse' ? 'LEAK_SUSPECTED' : 'leak suspected'} among ${looked}: ${alarms.join('; ')}${times}`;
}

/**
 * Samples at most `max` rows of each class, evenly spaced, in the order given. An AUC depends only on how the scores of
 * the two classes rank against each other, so it is estimated without bias however many rows of each class are taken.
 *
 * @param labels 0 or 1 at each of `rows`
 * @param max rows of a class, at least 1
 * @example evenlyByClass(frame.labels, trainingRows(frame), 25_000)
 */
export function evenlyByClass(labels: ArrayLike<number>, rows: Uint32Array, max: number): Uint32Array {
  const counts = [0, 0];
  for (const row of rows) counts[labels[row]!]! += 1;
  const seen = [0, 0];
  return rows.filter((row) => {
    const label = labels[row]!;
    const place = seen[label]!;
    seen[label] = place + 1;
    if (counts[label]! <= max) return true;
    // The k-th row of the class is taken if k · max / count passes a whole number there.
    return Math.floor(((place + 1) * max) / counts[label]!) > Math.floor((place * max) / counts[label]!);
  });
}

/** Returns the rows after the instant, as a frame of their own. @example rowsSince(frame, new Date('2024-01-31Z')).rows */
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
