// The typed client of the API: sends requests with a key, within a deadline, and repeats those that the server asks to repeat.

/** A value that a feature may have. */
export type FeatureValue = number | string | boolean | null;

/** Values of an entity's key columns, by name. */
export type EntityKey = Readonly<Record<string, string | number>>;

/** Values of features, by name. */
export type Features = Readonly<Record<string, FeatureValue>>;

/** What to predict: one entity or row, or a list of them. */
export type PredictRequest =
  | { readonly key: EntityKey; readonly features?: Features }
  | { readonly features: Features; readonly as_of?: string }
  | { readonly keys: readonly EntityKey[] }
  | { readonly rows: readonly Features[]; readonly as_of?: string }
  | { readonly entries: readonly { readonly key?: EntityKey; readonly features?: Features }[] };

/** One prediction. */
export interface Prediction {
  /** Unique id, under which the prediction log has it. */
  readonly id: string;
  readonly key?: EntityKey;
  /** Estimated probability of the positive class, in [0, 1]. */
  readonly score: number;
  /** Whether the score reaches the threshold. */
  readonly positive: boolean;
  /** Features that had no value. */
  readonly missing?: readonly string[];
  /** The features of the row, if the server reports them. */
  readonly features_used?: Features;
  /** As-of of the online row, or row time of the request. */
  readonly as_of?: string;
}

/** Predictions of one request, all by one version. */
export interface PredictAnswer {
  readonly model: string;
  readonly version: number;
  readonly threshold: number;
  readonly predictions: readonly Prediction[];
}

/** Settings of a client. */
export interface ClientOptions {
  /** Address of the API, such as `http://127.0.0.1:8080`. */
  readonly url: string;
  /** The key to send. @default none, which suffices if the server does not ask for one */
  readonly key?: string;
  /** How long a request may take, including repetitions, in milliseconds. @default 10000 */
  readonly timeoutMs?: number;
  /** How often a request is repeated at most. @default 3 */
  readonly retries?: number;
  /** @default the global fetch */
  readonly fetch?: typeof fetch;
}

/** Settings of one request. */
export interface RequestOptions {
  /** How long this request may take, in milliseconds. @default that of the client */
  readonly timeoutMs?: number;
  /** Ends the request when it is aborted. */
  readonly signal?: AbortSignal;
}

/** An error that the server answered. */
export class TidegateRequestError extends Error {
  /** HTTP status of the answer. */
  readonly status: number;
  /** A code of Tidegate's error table; `UNKNOWN` if something else answered, such as a proxy. */
  readonly code: string;
  /** What to do about it. */
  readonly remedy: string | undefined;
  /** Wrong places of the request, at most 20. */
  readonly places: readonly { readonly at: string; readonly problem: string }[];
  /** Id of the request in the log of the server. */
  readonly requestId: string | undefined;

  constructor(status: number, problem: Problem) {
    super(problem.detail ?? `the server answered ${status}`);
    this.name = 'TidegateRequestError';
    this.status = status;
    this.code = problem.code ?? 'UNKNOWN';
    this.remedy = problem.remedy;
    this.places = problem.places ?? [];
    this.requestId = problem.requestId;
  }
}

interface Problem {
  readonly detail?: string;
  readonly code?: string;
  readonly remedy?: string;
  readonly places?: TidegateRequestError['places'];
  readonly requestId?: string;
}

/** Asks a server for predictions. */
export class TidegateClient {
  readonly #url: string;
  readonly #key: string | undefined;
  readonly #timeoutMs: number;
  readonly #retries: number;
  readonly #fetch: typeof fetch;

  constructor({ url, key, timeoutMs = 10_000, retries = 3, fetch: own = fetch }: ClientOptions) {
    this.#url = url.replace(/\/+$/, '');
    this.#key = key;
    this.#timeoutMs = timeoutMs;
    this.#retries = retries;
    this.#fetch = own;
  }

  /**
   * Predicts with the version of a model that is in Production.
   *
   * @throws TidegateRequestError if the server refuses the request; a `TimeoutError` if it does not answer in time
   * @example (await client.predict('churn', { key: { user_id: 'u_000123' } })).predictions[0]?.score
   */
  predict(model: string, request: PredictRequest, options?: RequestOptions): Promise<PredictAnswer> {
    return this.#post(`/models/${encodeURIComponent(model)}/predict`, request, options);
  }

  /**
   * Sends a request. One that the server answers with 503 or 429 and the header Retry-After is repeated after that time, unless
   * the deadline would pass.
   */
  async #post<Answer>(
    path: string,
    body: unknown,
    { timeoutMs = this.#timeoutMs, signal }: RequestOptions = {},
  ): Promise<Answer> {
    const timeout = AbortSignal.timeout(timeoutMs);
    const ended = signal ? AbortSignal.any([signal, timeout]) : timeout;
    const deadline = Date.now() + timeoutMs;
    for (let attempt = 0; ; attempt += 1) {
      const answer = await this.#fetch(`${this.#url}${path}`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          accept: 'application/json, application/problem+json',
          ...(this.#key !== undefined && { authorization: `Bearer ${this.#key}` }),
        },
        body: JSON.stringify(body),
        signal: ended,
      });
      if (answer.ok) return (await answer.json()) as Answer;
      const problem = (await answer.json().catch(() => ({}))) as Problem;
      const waitMs = retryAfterMs(answer);
      const repeats = waitMs !== undefined && attempt < this.#retries && Date.now() + waitMs < deadline;
      if (!repeats) throw new TidegateRequestError(answer.status, problem);
      await pause(waitMs, ended);
    }
  }
}

/** How long the server asks to wait; undefined if the request must not be repeated. */
function retryAfterMs({ status, headers }: Response): number | undefined {
  const header = headers.get('retry-after');
  if ((status !== 503 && status !== 429) || header === null || !/^\d{1,6}$/.test(header)) return undefined;
  return Number(header) * 1_000;
}

/** Waits. Rejects with the reason of the signal as soon as it is aborted. */
const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal.addEventListener('abort', stop, { once: true });
  });
