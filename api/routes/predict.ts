// Predictions by the version in Production.
import { type FastifyReply, type FastifySchemaCompiler } from 'fastify';
import { validatorCompiler } from 'fastify-type-provider-zod';
import { type z } from 'zod';
import { TidegateError } from '../../domain/errors.ts';
import { isTemporary } from '../../store/postgres/postgres-failure.ts';
import { type ApiDeps, type App } from '../context/types.ts';
import { type Answered, predict } from '../prediction/predict.ts';
import { quickPredict } from '../prediction/quick-predict.ts';
import { isClearlyValid } from '../prediction/clear-body.ts';
import { errorResponses, modelParams } from '../schemas/common.ts';
import {
  type PredictAnswer,
  predictAnswer,
  predictBody,
  type PredictBody,
  predictQuery,
} from '../schemas/prediction.ts';
import { type ServingModel } from '../serving/serving-model.ts';

/** `POST /models/:model/predict`. */
export function predictRoute(app: App, { serving }: ApiDeps): void {
  const deps = {
    lookUp: serving.lookUp,
    clock: serving.clock,
    log: serving.predictions.append.bind(serving.predictions),
  };

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
        querystring: predictQuery,
        body: predictBody,
        response: { 200: predictAnswer, ...errorResponses },
      },
      validatorCompiler: validateUnclear,
      // The answers are built here field by field, so checking them against their schema again would only cost time.
      serializerCompiler: () => JSON.stringify,
    },
    (request, reply) => {
      const { explain } = request.query;
      const body = explain === '' || explain === 'true' ? { ...request.body, explain: true } : request.body;
      // Get the version only once, so that a promotion during the look-up does not affect this request.
      const model = serving.loadedModel(request.params.model);
      const began = performance.now();
      // Without a promise if possible, which keeps frequent requests cheap.
      const quick = model && quickPredict(model, body, deps);
      if (typeof quick !== 'string') return answerLater(request.params.model, body, reply, model, quick);
      serving.requests.count(model!, 200, performance.now() - began);
      return sendText(reply, model!, quick);
    },
  );

  /** Sends an answer that is JSON already. Its type says nothing, because Fastify expects the object that the text stands for. */
  const sendText = (reply: FastifyReply, { version }: ServingModel, text: string): never =>
    reply
      .header('x-tidegate-model-version', version)
      .type('application/json; charset=utf-8')
      .send(text) as never;

  /** Answers a request whose model must be loaded, whose rows must be looked up, or that has a form that is not frequent. */
  async function answerLater(
    name: string,
    body: PredictBody,
    reply: FastifyReply,
    loaded: ServingModel | undefined,
    quick: Promise<string | undefined> | undefined,
  ): Promise<never> {
    const model = loaded ?? (await serving.modelFor(name));
    const text = await counting(model, async () => {
      const found = await quick;
      if (found !== undefined) return found;
      const answered = await predict(model, body, { lookUp: deps.lookUp, now: deps.clock() });
      return JSON.stringify(answerOf(model, answered));
    });
    return sendText(reply, model, text);
  }

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

  /** Logs predictions and puts them into an answer. */
  function answerOf(
    { model, version, threshold }: ServingModel,
    answered: readonly Answered[],
  ): PredictAnswer {
    const at = deps.clock();
    deps.log(
      answered.map(({ subject: { record, entityKey }, prediction: { id, score } }) => ({
        id,
        model,
        version,
        entityKey,
        features: JSON.stringify(record),
        score,
        at,
      })),
    );
    return { model, version, threshold, predictions: answered.map(({ prediction }) => prediction) };
  }
}

type RouteSchema = Parameters<FastifySchemaCompiler<z.ZodType>>[0];
type Validate = ReturnType<FastifySchemaCompiler<z.ZodType>>;

/** Validates with the schema only what a cheaper check does not find to be valid. */
const validateUnclear = (route: Omit<RouteSchema, 'schema'> & { readonly schema: unknown }): Validate => {
  const validate = validatorCompiler(route as RouteSchema);
  const isClear = isClearlyValid[route.httpPart as keyof typeof isClearlyValid];
  return (value: unknown) => (isClear?.(value) ? { value } : validate(value));
};
