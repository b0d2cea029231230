// Request and answer of MLflow's scoring protocol, for the OpenAPI document; protocols/mlflow-json.ts reads the request.
import { z } from 'zod';

const example = { dataframe_split: { columns: ['user_id'], data: [['u_000123']] } };

/** Body of a scoring request. */
export const invocationBody = z
  .unknown()
  .describe(
    'Exactly one of `dataframe_split`, `dataframe_records`, `instances` and `inputs`. Also accepted: `text/csv` with a header, and ' +
      '`application/vnd.apache.parquet`. Every column of the model must be there, in any order; other columns are ignored. ' +
      'If only the key columns of the entity are there, the stored values are used.',
  )
  .meta({
    type: 'object',
    properties: {
      dataframe_split: {
        type: 'object',
        properties: {
          columns: { type: 'array', items: { type: 'string' } },
          data: { type: 'array', items: { type: 'array', items: {} } },
          index: { type: 'array', items: {} },
        },
        required: ['columns', 'data'],
      },
      dataframe_records: { type: 'array', items: { type: 'object' } },
      instances: { type: 'array', items: {} },
      inputs: {},
      params: {
        type: 'object',
        properties: { as_of: { type: 'string', description: 'Row time, by default now' } },
      },
    },
    examples: [example],
  });

/** Answer of a scoring request: what clients of MLflow read is `predictions`. */
export const invocationAnswer = z
  .object({
    predictions: z.array(
      z.object({
        label: z.int().describe('1 if the probability reaches the threshold, otherwise 0'),
        probability: z.number().describe('Estimated probability of the positive class'),
      }),
    ),
    model: z.string(),
    version: z.int(),
    threshold: z.number(),
    prediction_ids: z.array(z.string()).describe('Ids of the predictions in the log, in the same order'),
  })
  .meta({ id: 'Invocation', description: 'One prediction for each row, all by one version' });

/** An answer of a scoring request. */
export type InvocationAnswer = z.infer<typeof invocationAnswer>;
