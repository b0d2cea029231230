// Requests and answers of the Open Inference protocol, for the OpenAPI document; protocols/inference-request.ts reads requests.
import { z } from 'zod';
import { modelParams, wholeNumber } from './common.ts';

/** Path parameters of a route for one version of a model. */
export const versionParams = modelParams.extend({ version: wholeNumber(2 ** 31 - 1) });

/** Answer of the server's metadata. */
export const serverMetadata = z.object({
  name: z.string(),
  version: z.string(),
  extensions: z.array(z.string()),
});

const tensorMetadata = z.object({ name: z.string(), datatype: z.string(), shape: z.array(z.int()) });

/** Answer of a model's metadata. */
export const modelMetadata = z.object({
  name: z.string(),
  versions: z.array(z.string()).describe('The version that answers'),
  platform: z.string(),
  inputs: z.array(tensorMetadata),
  outputs: z.array(tensorMetadata),
});

/** Answer of the health routes. */
export const serverLive = z.object({ live: z.boolean() });
export const serverReady = z.object({ ready: z.boolean() });
export const modelReady = z.object({ name: z.string(), ready: z.boolean() });

/** Body of an inference request. */
export const inferenceBody = z
  .unknown()
  .describe(
    'A tensor of the shape [n] or [n, 1] for each column of the model, or for each key column of the entity. With the header ' +
      'Inference-Header-Content-Length, tensors may follow the JSON in their binary form',
  )
  .meta({
    type: 'object',
    properties: {
      id: { type: 'string' },
      parameters: { type: 'object' },
      inputs: {
        type: 'array',
        items: {
          type: 'object',
          properties: {
            name: { type: 'string' },
            shape: { type: 'array', items: { type: 'integer' } },
            datatype: { type: 'string' },
            parameters: { type: 'object' },
            data: { type: 'array', items: {} },
          },
          required: ['name', 'shape', 'datatype'],
        },
      },
      outputs: { type: 'array', items: { type: 'object', properties: { name: { type: 'string' } } } },
    },
    required: ['inputs'],
    examples: [{ inputs: [{ name: 'user_id', shape: [1], datatype: 'BYTES', data: ['u_000123'] }] }],
  });

/** Answer of an inference request, if no output is binary. */
export const inferenceAnswerSchema = z
  .object({
    model_name: z.string(),
    model_version: z.string(),
    id: z.string().optional().describe('As it was sent'),
    parameters: z.object({ threshold: z.number() }),
    outputs: z.array(
      z.object({
        name: z.enum(['probability', 'label', 'prediction_id']),
        shape: z.array(z.int()),
        datatype: z.string(),
        parameters: z.object({ binary_data_size: z.int() }).optional(),
        data: z.array(z.union([z.number(), z.string()])).optional(),
      }),
    ),
  })
  .meta({ id: 'Inference', description: 'One probability and one label for each row, all by one version' });
