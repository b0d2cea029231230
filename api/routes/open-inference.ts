// The Open Inference protocol, version 2, with its binary extension, for clients of Triton, KServe and MLServer.
import { readFileSync } from 'node:fs';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { may } from '../../domain/identity/caller.ts';
import { type ColumnSpec } from '../../domain/model/parts/column.ts';
import { TidegateError } from '../../domain/errors.ts';
import { excerpt } from '../../domain/excerpt.ts';
import { paths } from '../../paths.ts';
import { type ApiDeps, type App } from '../context/types.ts';
import { readBody } from '../plugins/body-text.ts';
import { inferenceAnswer } from '../protocols/inference-answer.ts';
import { type InferenceBody, OUTPUTS, readInference, splitBody } from '../protocols/inference-request.ts';
import { predictTable, wantedNames } from '../protocols/predict-table.ts';
import { type TensorType } from '../protocols/tensors.ts';
import { modelParams } from '../schemas/common.ts';
import { inferenceErrorResponses } from '../schemas/error-bodies.ts';
import {
  inferenceAnswerSchema,
  inferenceBody,
  modelMetadata,
  modelReady,
  serverLive,
  serverMetadata,
  serverReady,
  versionParams,
} from '../schemas/inference.ts';
import { type ServingModel } from '../serving/serving-model.ts';

const { version: ownVersion } = JSON.parse(readFileSync(paths.manifest, 'utf8')) as {
  readonly version: string;
};

/** The datatype of a column in the metadata. Columns of numbers accept every datatype of numbers. */
const DATATYPES: Readonly<Record<ColumnSpec['type'], TensorType>> = {
  numeric: 'FP64',
  count: 'INT64',
  category: 'BYTES',
  flag: 'BOOL',
  instant: 'BYTES',
};

const HEADER_LENGTH = 'inference-header-content-length';

const described = (summary: string) => ({ tags: ['open inference'], summary });
const errors = inferenceErrorResponses;

/** All routes below `/v2`. */
export function openInferenceRoutes(app: App, { serving }: ApiDeps): void {
  app.get(
    '/v2',
    {
      schema: {
        ...described('Name and extensions of the server'),
        response: { 200: serverMetadata, ...errors },
      },
    },
    () => ({ name: 'tidegate', version: ownVersion, extensions: ['binary_tensor_data'] }),
  );
  app.get(
    '/v2/health/live',
    { schema: { ...described('Whether the process is running'), response: { 200: serverLive, ...errors } } },
    () => ({ live: true }),
  );
  app.get(
    '/v2/health/ready',
    {
      schema: {
        ...described('Whether the versions in Production are loaded; 400 if they are not'),
        response: { 200: serverReady, 400: serverReady, ...errors },
      },
    },
    (_request, reply) => {
      const ready = serving.instance.obstacles().length === 0;
      void reply.status(ready ? 200 : 400);
      return { ready };
    },
  );

  for (const path of ['/v2/models/:model', '/v2/models/:model/versions/:version'] as const) {
    const named = path.endsWith(':version');
    const params = named ? versionParams : modelParams;
    const of = named ? 'a version' : 'a model';
    app.get(
      path,
      {
        schema: {
          ...described(`Inputs and outputs of ${of}`),
          params,
          response: { 200: modelMetadata, ...errors },
        },
      },
      async (request) => metadataOf(await chosen(request, request.params)),
    );
    app.get(
      `${path}/ready`,
      {
        schema: {
          ...described(`Whether ${of} can answer`),
          params,
          response: { 200: modelReady, ...errors },
        },
      },
      async (request) => ({ name: (await chosen(request, request.params)).model, ready: true }),
    );
    // A scope of its own, because it reads binary bodies.
    void app.register((inner, _options, done) => {
      const scope = inner as unknown as App;
      readTensors(scope);
      scope.post(
        `${path}/infer`,
        {
          schema: {
            ...described(`Score rows with ${of}, column by column`),
            params,
            body: inferenceBody,
            response: { 200: inferenceAnswerSchema, ...errors },
          },
        },
        async (request, reply) => infer(request, reply, await chosen(request, request.params)),
      );
      done();
    });
  }

  /**
   * Returns the version that a request names, or the one in Production. Those who may not train or approve can name only versions
   * that are or were in Production.
   */
  async function chosen(
    { caller }: FastifyRequest,
    { model, version }: { readonly model: string; readonly version?: number },
  ): Promise<ServingModel> {
    if (version === undefined) return serving.modelFor(model);
    serving.stops.check(model);
    const loaded = serving.models.get(model);
    if (loaded?.version === version) return loaded;
    const named = await serving.named.get(model, version);
    const isAllowed =
      named.wasInProduction || may(caller, 'trainer', model) || may(caller, 'approver', model);
    if (isAllowed) return named.model;
    throw new TidegateError(
      'FORBIDDEN',
      `version ${version} of ${model} has never been in Production, so only a trainer or an approver may ask it`,
    );
  }

  async function infer(request: FastifyRequest, reply: FastifyReply, model: ServingModel): Promise<void> {
    const body = request.body as InferenceBody | undefined;
    if (!body) throw new TidegateError('INVALID_REQUEST', 'the body is empty');
    const inference = readInference(body, wantedNames(model));
    const predictions = await predictTable(serving, model, inference.table, inference.asOf);
    const answer = inferenceAnswer(model, inference, predictions);
    void reply.header('x-tidegate-model-version', model.version);
    if (answer.headerLength !== undefined) void reply.header(HEADER_LENGTH, answer.headerLength);
    void reply
      .type(answer.headerLength === undefined ? 'application/json' : 'application/octet-stream')
      .send(answer.body);
  }
}

function metadataOf({ model, version, compiled }: ServingModel) {
  return {
    name: model,
    versions: [String(version)],
    platform: 'tidegate',
    inputs: compiled.inputs.map(({ name, spec }) => ({ name, datatype: DATATYPES[spec.type], shape: [-1] })),
    outputs: Object.entries(OUTPUTS).map(([name, datatype]) => ({ name, datatype, shape: [-1] })),
  };
}

/** Reads JSON with tensors behind it. The client of Triton sends no content type, and that of KServe application/octet-stream. */
function readTensors(scope: App): void {
  scope.removeAllContentTypeParsers();
  for (const type of ['application/json', 'application/octet-stream', '*']) {
    scope.addContentTypeParser(type, { parseAs: 'buffer' }, (request: FastifyRequest, body: Buffer, done) => {
      const { 'content-type': given, [HEADER_LENGTH]: length } = request.headers;
      if (type === '*' && given !== undefined) {
        const problem = `the body is ${excerpt(given)}, and neither application/json nor application/octet-stream`;
        done(new TidegateError('UNSUPPORTED_MEDIA_TYPE', problem));
        return;
      }
      readBody(
        request,
        body,
        (bytes) => splitBody(bytes, typeof length === 'string' ? length : undefined),
        done,
      );
    });
  }
}
