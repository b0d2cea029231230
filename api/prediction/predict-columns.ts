// Answers a request whose rows are given column by column, as the protocols of other tools send them.
import { TidegateError } from '../../domain/errors.ts';
import { type ColumnValues } from '../../domain/learning/artifact/compiled.ts';
import { type Value } from '../../domain/model/derived/operator.ts';
import { isTemporary } from '../../store/postgres/postgres-failure.ts';
import { type Serving } from '../serving/serving.ts';
import { type ServingModel } from '../serving/serving-model.ts';
import { newPredictionId } from './prediction-id.ts';
import { planOf } from './prediction-plan.ts';

/** Predictions of rows, in the order of the rows. */
export interface ColumnPredictions {
  /** Estimated probabilities of the positive class, in [0, 1]. */
  readonly scores: Float64Array;
  /** Unique ids, under which the prediction log has the rows. */
  readonly ids: readonly string[];
}

/**
 * Scores rows with one version, counts the request, and writes every row to the prediction log.
 *
 * @param columns one for each of `model.compiled.inputs`, whose values the caller has checked; see
 *   {@link CompiledModel.scoreColumns}. Texts must be storable and shortened by `categoryOf`.
 * @param rows number of rows
 * @param rowTimeMicros row time for derived columns, in microseconds since 1970 UTC. @default now
 * @example const { scores, ids } = await predictColumns(serving, model, [Float64Array.of(29.85), ['DSL']], 1);
 */
export async function predictColumns(
  serving: Pick<Serving, 'requests' | 'predictions' | 'clock'>,
  model: ServingModel,
  columns: readonly ColumnValues[],
  rows: number,
  rowTimeMicros?: number,
): Promise<ColumnPredictions> {
  const began = performance.now();
  const at = serving.clock();
  const { featuresJson } = planOf(model);
  const features: string[] = [];
  const keep = (row: readonly Value[]): void => void features.push(featuresJson(row));
  try {
    const scored = model.compiled.scoreColumns(columns, rows, rowTimeMicros ?? at.getTime() * 1_000, keep);
    const scores = scored instanceof Promise ? await scored : scored;
    const { model: name, version } = model;
    const ids = features.map(() => newPredictionId(at.getTime()));
    serving.predictions.append(
      features.map((json, row) => ({
        id: ids[row]!,
        model: name,
        version,
        entityKey: null,
        features: json,
        score: scores[row]!,
        at,
      })),
    );
    serving.requests.count(model, 200, performance.now() - began);
    return { scores, ids };
  } catch (error) {
    if (!isTemporary(error))
      serving.requests.count(
        model,
        error instanceof TidegateError ? error.status : 500,
        performance.now() - began,
      );
    throw error;
  }
}
