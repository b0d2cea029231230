// Prepares a version for requests: reading sent and stored values into a row, and writing the row to answer and log.
import { type Value } from '../../domain/model/derived/operator.ts';
import { type OnlineRow } from '../../store/online/lookup.ts';
import { type ServingModel } from '../serving/serving-model.ts';
import { storedValue } from './complete-row.ts';
import { readSentValue } from './read-features.ts';

/**
 * What does not change from request to request. Column names are only compared and copied into JSON texts; none of them
 * becomes code.
 */
export interface PredictionPlan {
  /** Everything of an answer before its list of predictions. */
  readonly head: string;
  /** Makes an empty row, which can be used for one request after the other. */
  readonly newRow: () => Value[];
  /**
   * Reads the features that a request sends into a row; columns that it does not send are null.
   *
   * @returns false if the features have a column that cannot be sent or a value of the wrong type
   */
  readonly readSent: (features: Readonly<Record<string, unknown>>, row: Value[]) => boolean;
  /** Reads the values of an online row into a row. */
  readonly readStored: (stored: OnlineRow['features'], row: Value[]) => void;
  /** Returns the entity's key as a JSON array of texts, as online rows have it; undefined if the columns are wrong. */
  readonly entityKeyOf: (key: Readonly<Record<string, unknown>>) => string[] | undefined;
  /** Writes the features of a scored row as a JSON object, as the prediction log keeps them. */
  readonly featuresJson: (row: readonly Value[]) => string;
  /** Writes the names of the features without a value as a JSON array. */
  readonly missingJson: (row: readonly Value[]) => string;
}

const plans = new WeakMap<ServingModel, PredictionPlan>();

/** Returns the plan of a version, which is made once. */
export function planOf(model: ServingModel): PredictionPlan {
  let plan = plans.get(model);
  if (!plan) plans.set(model, (plan = makePlan(model)));
  return plan;
}

function makePlan({ model, version, threshold, compiled, shape, entityKeys }: ServingModel): PredictionPlan {
  const { inputs, columns } = compiled;
  const names = inputs.map(({ name }) => name);
  const types = inputs.map(({ spec }) => spec.type);
  // An object has fields with these names even if the request does not send them.
  const isInherited = names.map((name) => name in Object.prototype);
  const places = shape.features.map(({ name }) => columns.indexOf(name));
  const labels = shape.features.map(({ name }, at) => `${at === 0 ? '{' : ','}${JSON.stringify(name)}:`);
  const missing = shape.features.map(({ name }) => JSON.stringify(name));
  const base = JSON.stringify({ model, version, threshold });
  return {
    head: `${base.slice(0, -1)},"predictions":[`,
    newRow: () => new Array<Value>(columns.length).fill(null),
    readSent(features, row) {
      let found = 0;
      for (let at = 0; at < names.length; at += 1) {
        const name = names[at]!;
        const value = isInherited[at] && !Object.hasOwn(features, name) ? undefined : features[name];
        row[at] = null;
        if (value === undefined) continue;
        found += 1;
        if (value === null) continue;
        const read = readSentValue(types[at]!, value);
        if (read === undefined) return false;
        row[at] = read;
      }
      return found === Object.keys(features).length;
    },
    readStored(stored, row) {
      for (let at = 0; at < names.length; at += 1)
        row[at] = storedValue(inputs[at]!.spec, stored[names[at]!]);
    },
    entityKeyOf(key) {
      const parts: string[] = [];
      for (const column of entityKeys) {
        if (!Object.hasOwn(key, column)) return undefined;
        parts.push(String(key[column]));
      }
      return Object.keys(key).length === parts.length ? parts : undefined;
    },
    featuresJson(row) {
      let text = '';
      for (let at = 0; at < places.length; at += 1) {
        const value = row[places[at]!];
        text += labels[at]!;
        text += typeof value === 'string' ? JSON.stringify(value) : (value ?? 'null');
      }
      return text === '' ? '{}' : `${text}}`;
    },
    missingJson(row) {
      let text = '';
      for (let at = 0; at < places.length; at += 1) {
        if (row[places[at]!] === null) text += text === '' ? missing[at] : `,${missing[at]}`;
      }
      return `[${text}]`;
    },
  };
}
