// Answers the frequent forms of a prediction request without creating objects for its rows: `features`, `rows`, `key` or
// `keys` alone. `predict` answers every form; both give the same answers.
import { type Value } from '../../domain/model/derived/operator.ts';
import { keepsOnline } from '../../domain/model/definition.ts';
import { type LookUp, type OnlineRow } from '../../store/online/lookup.ts';
import { type LoggedPrediction } from '../../store/registry/predictions.ts';
import { type PredictBody } from '../schemas/prediction.ts';
import { type ServingModel } from '../serving/serving-model.ts';
import { newPredictionId } from './prediction-id.ts';
import { type PredictionPlan, planOf } from './prediction-plan.ts';

/** Dependencies of {@link quickPredict}. */
export interface QuickPredictDeps {
  readonly lookUp: LookUp;
  readonly clock: () => Date;
  /** Logs the predictions of one request. */
  readonly log: (rows: LoggedPrediction[]) => void;
}

/**
 * Answers a body that its schema has accepted.
 *
 * @returns the answer as JSON; undefined if `predict` must answer the request, or refuse it with a message
 * @throws the failure of the look-up
 */
export function quickPredict(
  model: ServingModel,
  body: PredictBody,
  deps: QuickPredictDeps,
): string | Promise<string | undefined> | undefined {
  if (!model.compiled.isSynchronous) return undefined;
  const { features, rows = features && [features], key, keys = key && [key] } = body;
  if (body.as_of !== undefined || body.entries || body.explain === true) return undefined;
  const plan = planOf(model);
  if (rows && !keys) return scoreSent(model, plan, rows, deps);
  if (keys && !rows && keepsOnline(model.definition) && model.ageLimits.length === 0)
    return scoreStored(model, plan, keys, deps);
  return undefined;
}

function scoreSent(
  model: ServingModel,
  plan: PredictionPlan,
  rows: readonly Readonly<Record<string, unknown>>[],
  { clock, log }: QuickPredictDeps,
): string | undefined {
  const at = clock();
  const micros = at.getTime() * 1_000;
  const row = plan.newRow();
  const logged: LoggedPrediction[] = [];
  let text = plan.head;
  for (let index = 0; index < rows.length; index += 1) {
    if (!plan.readSent(rows[index]!, row)) return undefined;
    const score = model.compiled.scoreRow(row, micros) as number;
    const id = newPredictionId(at.getTime());
    logged.push({ id, ...baseOf(model, at), entityKey: null, features: plan.featuresJson(row), score });
    text += `${index === 0 ? '{' : ',{'}"id":"${id}",${scoreJson(model, plan, row, score)}}`;
  }
  log(logged);
  return `${text}]}`;
}

async function scoreStored(
  model: ServingModel,
  plan: PredictionPlan,
  keys: readonly Readonly<Record<string, unknown>>[],
  { lookUp, clock, log }: QuickPredictDeps,
): Promise<string | undefined> {
  const { model: name, definitionVersion } = model;
  const wanted = [];
  for (const key of keys) {
    const entityKey = plan.entityKeyOf(key);
    if (!entityKey) return undefined;
    wanted.push({ model: name, definitionVersion, entityKey });
  }
  const found = await lookUp(wanted);
  if (found.includes(undefined)) return undefined;
  const at = clock();
  const row = plan.newRow();
  const logged: LoggedPrediction[] = [];
  let text = plan.head;
  for (let index = 0; index < keys.length; index += 1) {
    const { asOf, features } = found[index] as OnlineRow;
    plan.readStored(features, row);
    const score = model.compiled.scoreRow(row, asOf.getTime() * 1_000) as number;
    const entityKey = JSON.stringify(wanted[index]!.entityKey);
    const id = newPredictionId(at.getTime());
    logged.push({ id, ...baseOf(model, at), entityKey, features: plan.featuresJson(row), score });
    text += `${index === 0 ? '{' : ',{'}"id":"${id}","key":${JSON.stringify(keys[index])},`;
    text += `${scoreJson(model, plan, row, score)},"as_of":"${asOf.toISOString()}"}`;
  }
  log(logged);
  return `${text}]}`;
}

const baseOf = ({ model, version }: ServingModel, at: Date) => ({ model, version, at });

const scoreJson = (
  { threshold }: ServingModel,
  plan: PredictionPlan,
  row: readonly Value[],
  score: number,
): string => `"score":${score},"positive":${score >= threshold},"missing":${plan.missingJson(row)}`;
