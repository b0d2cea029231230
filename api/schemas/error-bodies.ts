// Bodies of error answers in the shapes of MLflow and Open Inference.
import { z } from 'zod';

const code = z.string().describe('A code of docs/errors.md');
const remedy = z.string().describe('What to do about it');

const mlflowError = z
  .object({
    error_code: z.string().describe("A name of MLflow's ErrorCode"),
    message: z.string(),
    code,
    remedy,
    request_id: z.string(),
  })
  .meta({ id: 'MlflowError', description: 'An error as clients of MLflow expect it' });

/** Body of an error answer of the MLflow routes. */
export type MlflowErrorBody = z.infer<typeof mlflowError>;

/** Error answers of an MLflow route. */
export const mlflowErrorResponses = { '4xx': mlflowError, '5xx': mlflowError } as const;

const inferenceError = z.object({ error: z.string(), code, remedy, request_id: z.string() }).meta({
  id: 'InferenceError',
  description: 'An error as clients of the Open Inference protocol expect it',
});

/** Body of an error answer of the Open Inference routes. */
export type InferenceErrorBody = z.infer<typeof inferenceError>;

/** Error answers of an Open Inference route. */
export const inferenceErrorResponses = { '4xx': inferenceError, '5xx': inferenceError } as const;
