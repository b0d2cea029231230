// Asks the API for predictions and explanations over HTTP.
import { type ExplainAnswer } from '../../api/schemas/explanation.ts';
import { type PredictAnswer } from '../../api/schemas/prediction.ts';
import { type ErrorBody } from '../../api/schemas/common.ts';
import { type ErrorCode, errorKinds, TidegateError } from '../../domain/errors.ts';
import { withoutPassword } from './endpoints.ts';

/**
 * Asks the API for predictions.
 *
 * @throws TidegateError with the error code of the API; NOT_READY if it does not answer
 * @example await predict('http://127.0.0.1:8080', 'churn', { key: { user_id: 'u_000123' } })
 */
export const predict = (apiUrl: string, model: string, body: object): Promise<PredictAnswer> =>
  ask<PredictAnswer>(apiUrl, model, 'predict', body);

/**
 * Asks the API how much each feature adds to the score of an entity or a row.
 *
 * @throws TidegateError as {@link predict}
 * @example await explain('http://127.0.0.1:8080', 'churn', { key: { user_id: 'u_000123' } })
 */
export const explain = (apiUrl: string, model: string, body: object): Promise<ExplainAnswer> =>
  ask<ExplainAnswer>(apiUrl, model, 'explain', body);

async function ask<Answer extends object>(
  apiUrl: string,
  model: string,
  what: 'predict' | 'explain',
  body: object,
): Promise<Answer> {
  const answer = await post(new URL(`models/${encodeURIComponent(model)}/${what}`, withSlash(apiUrl)), body);
  const parsed = (await answer.json().catch(() => undefined)) as Answer | ErrorBody | undefined;
  if (answer.ok && parsed && !('error' in parsed)) return parsed;
  if (parsed && 'error' in parsed && isErrorCode(parsed.error.code)) {
    const { code, message, places = [], remedy } = parsed.error;
    throw new TidegateError(code as ErrorCode, message, { places, remedy });
  }
  throw new TidegateError(
    'INTERNAL',
    `${withoutPassword(apiUrl)} answered ${answer.status}, but not in the format of the API`,
    {
      remedy: 'Check that TIDEGATE_API_URL is the address of the API.',
    },
  );
}

async function post(url: URL, body: object): Promise<Response> {
  try {
    return await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(10_000),
    });
  } catch (cause) {
    throw new TidegateError('NOT_READY', `the API at ${url.origin} did not answer`, {
      remedy: 'Start it with `tidegate start` or `tidegate api`, or set TIDEGATE_API_URL.',
      cause,
    });
  }
}

const withSlash = (url: string): string => (url.endsWith('/') ? url : `${url}/`);

const isErrorCode = (code: string): boolean => Object.hasOwn(errorKinds, code);
