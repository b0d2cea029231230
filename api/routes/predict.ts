// Predictions by the version in Production.
import { TidegateError } from '../../domain/errors.ts';
import { isTemporary } from '../../store/postgres/postgres-failure.ts';
import { type ApiDeps, type App } from '../context/types.ts';
import { type Answered, predict } from '../prediction/predict.ts';
import { errorResponses, modelParams } from '../schemas/common.ts';
import { predictAnswer, predictBody } from '../schemas/prediction.ts';
import { type ServingModel } from '../serving/serving-model.ts';

/** `POST /models/:model/predict`. */
export function predictRoute(app: App, { serving }: ApiDeps): void {
  app.post(
    '/models/:model/predict',
    {
      schema: {
        tags: ['predictions'],
        summary:
          'Score entities by key, rows by their features, or entities by key with some features from the request',
        description:
          'One version answers the whole request; the answer and the header `x-tidegate-model-version` name it. ' +
          'If there is no prediction for one of several keys, the whole request is refused. Features sent with a key replace the stored ones. ' +
          'Derived columns are computed from sent and stored features together and cannot be sent.',
        params: modelParams,
        body: predictBody,
        response: { 200: predictAnswer, ...errorResponses },
      },
    },
    async (request, reply) => {
      // Get the version only once, so that a promotion during the look-up does not affect this request.
      const model = await serving.modelFor(request.params.model);
      const answered = await counting(model, () =>
        predict(model, request.body, { lookUp: serving.lookUp, now: serving.clock() }),
      );
      log(model, answered);
      reply.header('x-tidegate-model-version', model.version);
      return {
        model: model.model,
        version: model.version,
        threshold: model.threshold,
        predictions: answered.map(({ prediction }) => prediction),
      };
    },
  );

  /** Counts the request for its version. An outage of Postgres says nothing about the version and is not counted. */
  async function counting<T>(model: ServingModel, work: () => Promise<T>): Promise<T> {
    const began = performance.now();
    const count = (status: number): void => serving.requests.count(model, status, performance.now() - began);
    try {
      const result = await work();
      count(200);
      return result;
    } catch (error) {
      if (!isTemporary(error)) count(error instanceof TidegateError ? error.status : 500);
      throw error;
    }
  }

  function log({ model, version }: ServingModel, answered: readonly Answered[]): void {
    const at = new Date();
    serving.predictions.append(
      answered.map(({ subject: { record, entityKey }, prediction: { score } }) => ({
        model,
        version,
        entityKey,
        features: record,
        score,
        at,
      })),
    );
  }
}
