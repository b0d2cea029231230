// The one client of the API: sends requests with the key of the command, and turns error answers into errors.
import { type ExplainAnswer } from '../../api/schemas/explanation.ts';
import { type PredictAnswer } from '../../api/schemas/prediction.ts';
import { type ErrorBody } from '../../api/schemas/common.ts';
import { type ErrorCode, errorKinds, TidegateError } from '../../domain/errors.ts';
import { withoutPassword } from './endpoints.ts';

/** Where the API is, and the key that is sent to it. */
export interface ApiAccess {
  readonly url: string;
  /** Undefined sends no key, which suffices if TIDEGATE_AUTH is off. */
  readonly key: string | undefined;
}

/**
 * Asks the API for predictions.
 *
 * @throws TidegateError as {@link askApi}
 * @example await predict(api, 'churn', { key: { user_id: 'u_000123' } })
 */
export const predict = (api: ApiAccess, model: string, body: object): Promise<PredictAnswer> =>
  askApi<PredictAnswer>(api, 'POST', ['models', model, 'predict'], body);

/**
 * Asks the API how much each feature adds to the score of an entity or a row.
 *
 * @throws TidegateError as {@link askApi}
 * @example await explain(api, 'churn', { key: { user_id: 'u_000123' } })
 */
export const explain = (api: ApiAccess, model: string, body: object): Promise<ExplainAnswer> =>
  askApi<ExplainAnswer>(api, 'POST', ['models', model, 'explain'], body);

/** How long an answer may take, in milliseconds. */
const PATIENCE_MS = 10_000;

/**
 * Sends a request to the API and returns its answer.
 *
 * @param path the parts of the path, which are encoded
 * @param withinMs how long the answer may take. @default 10000
 * @throws TidegateError with the error code of the API; NOT_READY if it does not answer
 * @example await askApi(api, 'POST', ['models', 'churn', 'decisions'], { version: 2, decision: 'approve' })
 */
export async function askApi<Answer extends object>(
  { url, key }: ApiAccess,
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  path: readonly string[],
  body?: object,
  withinMs = PATIENCE_MS,
): Promise<Answer> {
  const answer = await send(new URL(path.map(encodeURIComponent).join('/'), withSlash(url)), {
    method,
    headers: {
      ...(key !== undefined && { authorization: `Bearer ${key}` }),
      ...(body && { 'content-type': 'application/json' }),
    },
    ...(body && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(withinMs),
  });
  const parsed = (await answer.json().catch(() => undefined)) as Answer | ErrorBody | undefined;
  if (answer.ok && parsed && !('error' in parsed)) return parsed;
  if (parsed && 'error' in parsed && isErrorCode(parsed.error.code)) {
    const { code, message, places = [], remedy } = parsed.error;
    throw new TidegateError(code as ErrorCode, message, { places, remedy });
  }
  throw new TidegateError(
    'INTERNAL',
    `${withoutPassword(url)} answered ${answer.status}, but not in the format of the API`,
    { remedy: 'Check that TIDEGATE_API_URL is the address of the API.' },
  );
}

async function send(url: URL, request: RequestInit): Promise<Response> {
  try {
    return await fetch(url, request);
  } catch (cause) {
    throw new TidegateError('NOT_READY', `the API at ${url.origin} did not answer`, {
      remedy: 'Start it with `tidegate start` or `tidegate api`, or set TIDEGATE_API_URL.',
      cause,
    });
  }
}

const withSlash = (url: string): string => (url.endsWith('/') ? url : `${url}/`);

const isErrorCode = (code: string): boolean => Object.hasOwn(errorKinds, code);
