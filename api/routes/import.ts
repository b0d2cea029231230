// Uploads a model that was trained elsewhere, and has it compared with the champion like any candidate.
import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { z } from 'zod';
import { TidegateError } from '../../domain/errors.ts';
import { onnxSchema } from '../../domain/learning/artifact/onnx-schema.ts';
import { refuseFuture } from '../../domain/model/future-instant.ts';
import { startRetrain } from '../../operations/start-runs.ts';
import { getDefinition } from '../../store/definitions/definitions.ts';
import { MAX_ONNX_BYTES, requestVersionImport, writeOnnxModel } from '../../store/registry/onnx-models.ts';
import { IMPORT } from '../../store/registry/retrains.ts';
import { grantTo, startGranted } from '../context/granted.ts';
import { requesterOf } from '../context/requester.ts';
import { type ApiDeps, type App } from '../context/types.ts';
import { errorResponses, instant, modelParams } from '../schemas/common.ts';
import { startedRun } from '../schemas/operations.ts';
import { personName, reasonText } from '../schemas/written-text.ts';
import { operate } from './operations.ts';

/** How many uploads one process reads at the same time; each may need {@link MAX_ONNX_BYTES} of memory. */
const MAX_UPLOADS = 2;

const tags = ['operations'];

/** `POST /models/:model/onnx` and `POST /models/:model/versions`. */
export async function importRoutes(app: App, deps: ApiDeps): Promise<void> {
  // In a context of its own, so that no other route accepts bytes.
  await app.register((uploads: App, _options, done) => {
    uploads.addContentTypeParser('application/octet-stream', (_request, payload, parsed) =>
      parsed(null, payload),
    );
    uploadRoute(uploads, deps);
    done();
  });
  importRoute(app, deps);
}

function uploadRoute(app: App, { database }: ApiDeps): void {
  let reading = 0;
  app.post(
    '/models/:model/onnx',
    {
      schema: {
        tags,
        summary: 'Upload a model file in the format ONNX',
        description: `The body is the file, as application/octet-stream, at most ${MAX_ONNX_BYTES} bytes. Nothing is done with it until it is imported.`,
        params: modelParams,
        response: {
          200: z.object({
            digest: z.string().describe('Names the file when it is imported'),
            bytes: z.int(),
          }),
          ...errorResponses,
        },
      },
      bodyLimit: MAX_ONNX_BYTES,
    },
    async (request) => {
      await getDefinition(database, request.params.model);
      if (reading >= MAX_UPLOADS) {
        throw new TidegateError('NOT_READY', `${reading} other model files are being uploaded`, {
          remedy: 'Try again when they have been received.',
        });
      }
      reading += 1;
      try {
        return await writeOnnxModel(database, await readBytes(request.body));
      } finally {
        reading -= 1;
      }
    },
  );
}

/** Reads a body, and stops as soon as it is too large. @throws TidegateError BODY_TOO_LARGE; INVALID_ONNX if it is empty */
async function readBytes(body: unknown): Promise<Uint8Array> {
  // JSON is read before the route sees it, because other routes accept it.
  if (body !== undefined && body !== null && !(body instanceof Readable))
    throw new TidegateError(
      'UNSUPPORTED_MEDIA_TYPE',
      'the body is JSON, but must be the model file, as application/octet-stream',
    );
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of (body ?? []) as AsyncIterable<unknown>) {
    size += (chunk as Buffer).length;
    if (size > MAX_ONNX_BYTES)
      throw new TidegateError('BODY_TOO_LARGE', `the model file is larger than ${MAX_ONNX_BYTES} bytes`);
    chunks.push(chunk as Buffer);
  }
  if (size === 0) throw new TidegateError('INVALID_ONNX', 'the model file is empty');
  return Buffer.concat(chunks, size);
}

const importBody = z
  .strictObject({
    onnx: z
      .string()
      .regex(/^[0-9a-f]{64}$/, 'must be the digest that POST /models/{model}/onnx returned')
      .describe('Digest of the uploaded file'),
    schema: onnxSchema.describe('Maps features to inputs of the model; see docs/trainers.md'),
    name: personName.describe('Name of the model where it comes from: one printable line'),
    note: reasonText.default('').describe('A note that is kept with the version'),
    asOf: instant
      .optional()
      .describe(
        'End of the reference window and of the comparison window; the newest labelled row time if absent',
      ),
    future: z
      .boolean()
      .default(false)
      .describe('Accepts an instant in the future, which is refused otherwise'),
    requestedBy: personName.optional().describe('Who asks; counts only if TIDEGATE_AUTH is off'),
  })
  .meta({
    examples: [
      {
        onnx: '0'.repeat(64),
        schema: {
          inputs: [{ name: 'input', features: ['watch_hours_30d'] }],
          output: { name: 'probabilities', holds: 'probability' },
        },
        name: 'churn-net 7',
      },
    ],
  });

function importRoute(app: App, deps: ApiDeps): void {
  const { database } = deps;
  app.post(
    '/models/:model/versions',
    {
      schema: {
        tags,
        summary: 'Register an uploaded model as a version, and compare it with the champion',
        params: modelParams,
        body: importBody,
        response: { 202: startedRun, ...errorResponses },
      },
    },
    async (request, reply) => {
      const { model } = request.params;
      const { onnx, schema, name, note, future, requestedBy } = request.body;
      const asOf = request.body.asOf === undefined ? undefined : new Date(request.body.asOf);
      requesterOf(request, requestedBy);
      refuseFuture({ asOf }, future);
      await getDefinition(database, model);
      const retrainId = `${model}/import-${new Date().toISOString()}-${randomUUID().slice(0, 8)}`;
      await requestVersionImport(database, {
        retrainId,
        model,
        onnxDigest: onnx,
        mapping: schema,
        name,
        note,
      });
      const workflowId = await startGranted(
        database,
        request,
        grantTo('import', model),
        requestedBy,
        ({ actor, grantId }) =>
          operate(deps, (services) =>
            startRetrain(services, {
              retrainId,
              model,
              reportId: null,
              asOf: asOf?.toISOString() ?? null,
              trigger: IMPORT,
              requestedBy: actor,
              isUploaded: true,
              ...(grantId !== null && { grantId }),
            }),
          ),
      );
      return reply.status(202).send({ model, workflowId, retrainId });
    },
  );
}
