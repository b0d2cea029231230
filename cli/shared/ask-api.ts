// The one client of the API: sends requests with the key of the command, and turns error answers into errors.
import { type ExplainAnswer } from '../../api/schemas/explanation.ts';
import { type PredictAnswer } from '../../api/schemas/prediction.ts';
import { type FollowLine } from '../../api/schemas/operations.ts';
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

/** How long the answer to a request may take that reads whole tables, in milliseconds. */
export const UNHURRIED_MS = 30 * 60_000;

/** How long an answer may take, in milliseconds. */
const PATIENCE_MS = 10_000;

/**
 * Sends a request to the API and returns its answer.
 *
 * @param path the parts of the path, which are encoded
 * @param body sent as JSON; of a GET the values are sent as the query
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
  const target = new URL(path.map(encodeURIComponent).join('/'), withSlash(url));
  const isQuery = method === 'GET';
  if (isQuery)
    for (const [name, value] of Object.entries(body ?? {})) target.searchParams.set(name, String(value));
  const answer = await send(target, {
    method,
    headers: {
      ...(key !== undefined && { authorization: `Bearer ${key}` }),
      ...(body && !isQuery && { 'content-type': 'application/json' }),
    },
    ...(body && !isQuery && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(withinMs),
  });
  return answerOf<Answer>(answer, url);
}

/**
 * Sends a file to the API and returns its answer.
 *
 * @throws TidegateError as {@link askApi}
 * @example await upload(api, ['models', 'churn', 'onnx'], await openAsBlob('model.onnx'))
 */
export async function upload<Answer extends object>(
  { url, key }: ApiAccess,
  path: readonly string[],
  file: Blob,
): Promise<Answer> {
  const answer = await send(new URL(path.map(encodeURIComponent).join('/'), withSlash(url)), {
    method: 'POST',
    headers: {
      ...(key !== undefined && { authorization: `Bearer ${key}` }),
      'content-type': 'application/octet-stream',
    },
    body: file,
    signal: AbortSignal.timeout(UPLOADED_WITHIN_MS),
  });
  return answerOf<Answer>(answer, url);
}

/** How long an upload may take, in milliseconds; the API gives up earlier if the bytes stop coming. */
const UPLOADED_WITHIN_MS = 5 * 60_000;

async function answerOf<Answer extends object>(answer: Response, url: string): Promise<Answer> {
  const parsed = (await answer.json().catch(() => undefined)) as Answer | ErrorBody | undefined;
  if (answer.ok && parsed && !('error' in parsed)) return parsed;
  if (parsed && 'error' in parsed && isErrorCode(parsed.error.code)) {
    throw errorOf(parsed.error);
  }
  throw new TidegateError(
    'INTERNAL',
    `${withoutPassword(url)} answered ${answer.status}, but not in the format of the API`,
    { remedy: 'Check that TIDEGATE_API_URL is the address of the API.' },
  );
}

/** Receives what happens while a run is followed. */
export interface Following {
  readonly say: (step: string) => void;
  /** @default say */
  readonly warn?: (trouble: string) => void;
}

/**
 * Follows a run until it has ended, and returns its result.
 *
 * @param query which run: `run=monitor`, and more for a retrain or a release
 * @throws TidegateError with the code of the run's failure; NOT_READY if the API goes away
 * @example await follow<MonitorResult>(api, 'churn', { run: 'monitor' }, { say: console.log })
 */
export async function follow<Result>(
  { url, key }: ApiAccess,
  model: string,
  query: Readonly<Record<string, string>>,
  { say, warn = say }: Following,
): Promise<Result> {
  const target = new URL(`models/${encodeURIComponent(model)}/follow`, withSlash(url));
  target.search = new URLSearchParams(query).toString();
  const answer = await send(target, {
    method: 'GET',
    headers: key === undefined ? {} : { authorization: `Bearer ${key}` },
  });
  if (!answer.ok || !answer.body) return answerOf<Result & object>(answer, url);
  let rest = '';
  try {
    for await (const chunk of answer.body.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (line === '') continue;
        const parsed = JSON.parse(line) as FollowLine;
        if ('result' in parsed) return parsed.result as Result;
        if ('error' in parsed) throw errorOf(parsed.error);
        if ('step' in parsed) say(`  ${parsed.step}`);
        else warn(`  ${parsed.trouble}`);
      }
    }
  } catch (cause) {
    if (cause instanceof TidegateError) throw cause;
    throw cut(url, cause);
  }
  throw cut(url);
}

const cut = (url: string, cause?: unknown): TidegateError =>
  new TidegateError('NOT_READY', `the API at ${withoutPassword(url)} stopped answering; the run goes on`, {
    remedy: '`tidegate status` shows its progress.',
    cause,
  });

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

function errorOf({
  code,
  message,
  places = [],
  remedy,
}: Omit<ErrorBody['error'], 'requestId'>): TidegateError {
  return new TidegateError(isErrorCode(code) ? (code as ErrorCode) : 'INTERNAL', message, { places, remedy });
}

const withSlash = (url: string): string => (url.endsWith('/') ? url : `${url}/`);

const isErrorCode = (code: string): boolean => Object.hasOwn(errorKinds, code);

/** A link that signs a person in on a browser. */
export interface SignInLink {
  readonly url: string;
  readonly expiresAt: string;
}
