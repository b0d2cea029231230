// Predictions by the version in Production.
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
          'Score entities by key, rows by their features, or entities with some features of the request',
        description:
          'One request is answered by one version, named in the answer and in the header `x-tidegate-model-version`. ' +
          'Several keys are answered all or not at all. Features sent with a key stand in place of those stored, and ' +
          'derived columns are computed from both together; they are never sent.',
        params: modelParams,
        body: predictBody,
        response: { 200: predictAnswer, ...errorResponses },
      },
    },
    async (request, reply) => {
      // Taken once: a swap during the look-up changes nothing for this request.
      const model = await serving.modelFor(request.params.model);
      const answered = await predict(model, request.body, { lookUp: serving.lookUp, now: serving.clock() });
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
