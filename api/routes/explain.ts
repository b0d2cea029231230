// Explains the score of an entity or a row by the version in Production.
import { type ApiDeps, type App } from '../context/types.ts';
import { TidegateError } from '../../domain/errors.ts';
import { featuresUsed, predict } from '../prediction/predict.ts';
import { errorResponses, modelParams } from '../schemas/common.ts';
import { explainAnswer, explainBody } from '../schemas/explanation.ts';
import { type ServingModel } from '../serving/serving-model.ts';

/** `POST /models/:model/explain`. */
export function explainRoute(app: App, { serving }: ApiDeps): void {
  app.post(
    '/models/:model/explain',
    {
      schema: {
        tags: ['predictions'],
        summary: 'What each feature adds to the score of an entity or a row',
        description:
          'Exact contributions to the log-odds before calibration. The answer names the version in Production that computed them. ' +
          'Nothing is written to the prediction log.',
        params: modelParams,
        body: explainBody,
        response: { 200: explainAnswer, ...errorResponses },
      },
    },
    async ({ params, body }, reply) => {
      const model = await serving.modelFor(params.model);
      if (!model.explain) throw notExplainable(model);
      const [answered] = await predict(model, body, { lookUp: serving.lookUp, now: serving.clock() });
      const { subject, prediction } = answered!;
      const { score, scoreBeforeCalibration, base, contributions } = model.explain(subject.record);
      const used = featuresUsed(model.shape.features, subject.record);
      reply.header('x-tidegate-model-version', model.version);
      return {
        model: model.model,
        version: model.version,
        ...(prediction.key && { key: prediction.key }),
        ...(prediction.as_of !== undefined && { as_of: prediction.as_of }),
        score,
        ...(scoreBeforeCalibration !== undefined && { score_before_calibration: scoreBeforeCalibration }),
        base,
        contributions: contributions.map(({ feature, logOdds }) => ({
          feature,
          value: used[feature] ?? null,
          log_odds: logOdds,
        })),
      };
    },
  );
}

const notExplainable = ({ model, version }: ServingModel): TidegateError =>
  new TidegateError(
    'NOT_EXPLAINABLE',
    `version ${version} of ${model} is not a linear model, so the contribution of each feature to a score cannot be computed exactly`,
  );
