// The scoring protocol of MLflow's model server, so that its clients need only another address.
import { readFileSync } from 'node:fs';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { z } from 'zod';
import { may } from '../../domain/identity/caller.ts';
import { TidegateError } from '../../domain/errors.ts';
import { excerpt } from '../../domain/excerpt.ts';
import { paths } from '../../paths.ts';
import { type ApiDeps, type App } from '../context/types.ts';
import { requireRole } from '../plugins/authenticate.ts';
import { decodeUtf8, readBody } from '../plugins/body-text.ts';
import { parseJson } from '../plugins/json-body.ts';
import { readScoringRequest, type ScoringRequest } from '../protocols/mlflow-json.ts';
import { readParquet } from '../protocols/parquet-body.ts';
import { predictTable, wantedNames } from '../protocols/predict-table.ts';
import { readCsv } from '../protocols/text-cells.ts';
import { modelParams } from '../schemas/common.ts';
import { mlflowErrorResponses } from '../schemas/error-bodies.ts';
import { type InvocationAnswer, invocationAnswer, invocationBody } from '../schemas/mlflow.ts';
import { type ServingModel } from '../serving/serving-model.ts';

/** A body whose columns are read as soon as it is known which model is meant. */
type Body = { readonly json: unknown } | { readonly csv: string } | { readonly parquet: Buffer };

const { version } = JSON.parse(readFileSync(paths.manifest, 'utf8')) as { readonly version: string };

/**
 * `POST /invocations`, `POST /models/:model/invocations`, and the same below `/endpoints`, where MLflow's deployment client looks;
 * `GET /ping`, `/health` and `/version`.
 */
export function mlflowScoringRoutes(app: App, deps: ApiDeps): void {
  const { serving } = deps;
  for (const path of ['/ping', '/health']) {
    app.get(
      path,
      {
        schema: {
          tags: ['mlflow'],
          summary: 'Whether the process has a model that answers, as MLflow reports it: 200 or 404',
          produces: ['text/plain'],
          response: { 200: z.string(), ...mlflowErrorResponses },
        },
      },
      (_request, reply) => {
        const isReady = serving.models.list().length > 0;
        if (!isReady) throw new TidegateError('UNKNOWN_MODEL', 'no model is loaded');
        void reply.type('text/plain; charset=utf-8').send('\n');
      },
    );
  }
  app.get(
    '/version',
    {
      schema: {
        tags: ['mlflow'],
        summary: 'The version of Tidegate',
        produces: ['text/plain'],
        response: { 200: z.string(), ...mlflowErrorResponses },
      },
    },
    (_request, reply) => void reply.type('text/plain; charset=utf-8').send(version),
  );

  // A scope of its own, because it reads other types of bodies.
  void app.register((inner, _options, done) => {
    const scope = inner as unknown as App;
    readBodies(scope);
    scope.post(
      '/invocations',
      {
        schema: {
          ...schema,
          summary: 'Score rows with the one model of this server, as a model server of MLflow',
        },
      },
      async (request, reply) => {
        const name = chosenModel(request, deps);
        requireRole(request, 'predictor', name);
        return answer(request, reply, await serving.modelFor(name));
      },
    );
    for (const path of ['/models/:model/invocations', '/endpoints/:model/invocations'] as const) {
      scope.post(
        path,
        {
          schema: {
            ...schema,
            summary: 'Score rows, as a model server of MLflow',
            params: modelParams,
          },
        },
        async (request, reply) => answer(request, reply, await serving.modelFor(request.params.model)),
      );
    }
    done();
  });

  async function answer(request: FastifyRequest, reply: FastifyReply, model: ServingModel): Promise<void> {
    const { table, params } = await readRows(request.body as Body | undefined, model);
    const { scores, ids } = await predictTable(serving, model, table, params['as_of']);
    const { threshold } = model;
    const body: InvocationAnswer = {
      predictions: Array.from(scores, (probability) => ({
        label: probability >= threshold ? 1 : 0,
        probability,
      })),
      model: model.model,
      version: model.version,
      threshold,
      prediction_ids: [...ids],
    };
    sendText(reply.header('x-tidegate-model-version', model.version), JSON.stringify(body));
  }
}

const schema = {
  tags: ['mlflow'],
  body: invocationBody,
  response: { 200: invocationAnswer, ...mlflowErrorResponses },
};

const sendText = (reply: FastifyReply, text: string): void => void reply.type('application/json').send(text);

/** Reads JSON, CSV and Parquet. @throws TidegateError UNSUPPORTED_MEDIA_TYPE for any other type, and for other parameters of it */
function readBodies(scope: App): void {
  scope.removeAllContentTypeParsers();
  const accept = (type: string, parse: (bytes: Buffer) => Body): void => {
    scope.addContentTypeParser(type, { parseAs: 'buffer' }, (request: FastifyRequest, body: Buffer, done) =>
      readBody(
        request,
        body,
        (bytes) => {
          checkParameters(request);
          return parse(bytes);
        },
        done,
      ),
    );
  };
  accept('application/json', (bytes) => ({ json: parseJson(decodeUtf8(bytes), { pythonNumbers: true }) }));
  accept('text/csv', (bytes) => ({ csv: decodeUtf8(bytes) }));
  accept('application/vnd.apache.parquet', (parquet) => ({ parquet }));
}

/** MLflow's server accepts no parameter of a content type except the character set, and `header=absent` would change the meaning. */
function checkParameters({ headers }: FastifyRequest): void {
  const [, ...parameters] = (headers['content-type'] ?? '').split(';');
  const other = parameters.find((parameter) => !/^\s*(charset\s*=.*)?$/i.test(parameter));
  if (other !== undefined)
    throw new TidegateError(
      'UNSUPPORTED_MEDIA_TYPE',
      `the content type has the parameter ${excerpt(other.trim())}; only charset=utf-8 is accepted`,
    );
}

async function readRows(body: Body | undefined, model: ServingModel): Promise<ScoringRequest> {
  if (!body) throw new TidegateError('INVALID_REQUEST', 'the body is empty');
  const { inputs } = model.compiled;
  const wanted = { inputs, keys: model.entityKeys };
  if ('csv' in body) return { table: readCsv(body.csv, wanted), params: {} };
  if ('parquet' in body) return { table: await readParquet(body.parquet, wanted), params: {} };
  return readScoringRequest(
    body.json,
    wantedNames(model),
    inputs.map(({ name }) => name),
  );
}

/** Returns the model of `/invocations`: that of the setting, or the only one that the caller may ask. */
function chosenModel({ caller }: FastifyRequest, { serving, invocationsModel }: ApiDeps): string {
  if (invocationsModel !== undefined) return invocationsModel;
  const names = serving.models
    .list()
    .map(({ model }) => model)
    .filter((model) => may(caller, 'predictor', model));
  const [only] = names;
  if (only !== undefined && names.length === 1) return only;
  if (only === undefined)
    throw new TidegateError(
      'NO_PRODUCTION_VERSION',
      'no model that the caller may ask has a version in Production',
    );
  throw new TidegateError(
    'INVALID_REQUEST',
    `/invocations does not say which of the ${names.length} models is meant`,
    {
      remedy:
        'Send the request to /models/<model>/invocations, or set TIDEGATE_INVOCATIONS_MODEL on the server.',
    },
  );
}
