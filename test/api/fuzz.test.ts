// Random and malicious requests to every route: no answer is a server error, none takes long, and all errors have the same
// shape. `npm run fuzz` sends 20,000 requests.
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { errorKinds, type ErrorCode } from '../../domain/errors.ts';
import { authorization, ModelFixture, startTestApi, type TestApi } from './fixture.ts';

const RUNS = Number(process.env['TIDEGATE_FUZZ_RUNS'] ?? 300);

let fixture: ModelFixture;
let api: TestApi;

beforeAll(async () => {
  fixture = await ModelFixture.create();
  await fixture.release(0);
  await fixture.addOnlineRow('7', { hours: 1, plan: 'basic' });
  api = await startTestApi(fixture.database);
  await api.app.ready();
});

afterAll(async () => {
  await api.close();
  await fixture.drop();
});

const oddText = fc.oneof(
  fc.constantFrom(
    'churn',
    '7',
    '',
    '\0',
    'a\0b',
    '\ud800',
    '__proto__',
    'constructor',
    'toString',
    '../..',
    '%',
    '*',
  ),
  fc.constantFrom(
    '2024-02-29',
    '2024-02-29T06:00:00Z',
    '9999-12-31T23:59:59Z',
    '-271821-04-20T00:00:00Z',
    'infinity',
  ),
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.string({ maxLength: 8 }).map((text) => text.repeat(600)),
);

const oddNumber = fc.constantFrom(
  0,
  -0,
  -1,
  1,
  2,
  1.5,
  2 ** 31,
  2 ** 53,
  2 ** 63,
  -(2 ** 63),
  5e-324,
  1.7e308,
);
const oddValue = fc.oneof(oddText, oddNumber, fc.boolean(), fc.constant(null), fc.jsonValue({ maxDepth: 2 }));

const name = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('hours', 'tickets', 'plan', 'paid', 'user_id') },
  { weight: 1, arbitrary: oddText },
);
const fields = fc.oneof(fc.dictionary(name, oddValue, { maxKeys: 6 }), oddValue);
const key = fc.oneof(fc.record({ user_id: fc.oneof(fc.constantFrom('7', 7), oddValue) }), fields);
const listOf = (item: fc.Arbitrary<unknown>) => fc.oneof(fc.array(item, { maxLength: 4 }), oddValue);

/** An object with some of the fields that a route accepts, and occasionally one that it does not. */
const bodyOf = (parts: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<unknown> =>
  fc.oneof(
    { weight: 6, arbitrary: fc.record(parts, { requiredKeys: [] }) },
    {
      weight: 1,
      arbitrary: fc.dictionary(fc.oneof(fc.constantFrom(...Object.keys(parts)), oddText), oddValue),
    },
    { weight: 1, arbitrary: oddValue },
  );

const entry = bodyOf({ key, features: fields });
const scoring = bodyOf({
  dataframe_split: bodyOf({ columns: listOf(name), data: listOf(listOf(oddValue)) }),
  dataframe_records: listOf(fields),
  inputs: fc.oneof(key, fields),
  params: bodyOf({ as_of: oddValue }),
});
const inference = bodyOf({
  id: oddValue,
  inputs: listOf(
    bodyOf({
      name,
      shape: fc.oneof(fc.constant([1]), oddValue),
      datatype: fc.oneof(fc.constantFrom('FP64', 'BYTES'), oddValue),
      parameters: bodyOf({ binary_data_size: oddValue }),
      data: listOf(oddValue),
    }),
  ),
  outputs: listOf(oddValue),
});
const bodies: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  '/models/:model/predict': bodyOf({
    key,
    features: fields,
    keys: listOf(key),
    rows: listOf(fields),
    entries: listOf(entry),
    as_of: oddValue,
  }),
  '/models/:model/explain': bodyOf({ key, features: fields, as_of: oddValue }),
  '/features/online': bodyOf({
    features: listOf(fc.oneof(name, oddValue)),
    feature_service: fc.oneof(fc.constant('churn'), oddValue),
    entities: fc.oneof(fc.record({ user_id: listOf(oddValue) }), fields),
    full_feature_names: oddValue,
  }),
  '/invocations': scoring,
  '/models/:model/invocations': scoring,
  '/v2/models/:model/infer': inference,
  '/v2/models/:model/versions/:version/infer': inference,
  '/models/:model/decisions': bodyOf({
    version: fc.oneof(fc.constant(1), oddValue),
    evidenceDigest: fc.oneof(fc.constant('a'.repeat(64)), oddValue),
    decision: fc.oneof(fc.constantFrom('approve', 'reject'), oddValue),
    comment: oddValue,
    decidedBy: fc.oneof(fc.constant('bo'), oddValue),
  }),
};

/** The fields of an error answer, of which each protocol has some. */
interface Refused {
  readonly code: ErrorCode;
  readonly detail?: string;
  readonly message?: string;
  readonly error: string;
  readonly requestId?: string;
  readonly request_id?: string;
}

const queries = ['limit', 'before', 'from', 'to', 'outcome', 'drifted', 'format', 'x'];
const queryText = oddText.map((text) => {
  try {
    return encodeURIComponent(text);
  } catch {
    // Half a surrogate pair cannot be encoded, so send the bytes that some clients produce for it.
    return '%ED%A0%80';
  }
});

const parameter = fc.oneof(
  { weight: 4, arbitrary: fc.constant('churn') },
  { weight: 1, arbitrary: fc.constant('1') },
  { weight: 1, arbitrary: queryText },
);

/** The routes of the API by method, without HEAD and without the documentation pages. */
const routes = (): [method: 'GET' | 'POST', path: string][] => {
  const found = Object.entries(api.app.swagger().paths ?? {}).flatMap(([path, methods]) =>
    Object.keys((methods ?? {}) as object).map((method): ['GET' | 'POST', string] => [
      method.toUpperCase() as 'GET' | 'POST',
      path.replaceAll(/\{(\w+)\}/g, ':$1'),
    ]),
  );
  return [...found, ['GET', '/docs/json'], ['GET', '/docs'], ['GET', '/']];
};

const wrapped = fc.constantFrom(
  (text: string) => text,
  (text: string) => text,
  (text: string) => text,
  (text: string) => text.slice(0, -1),
  (text: string) => `${text}x`,
  (text: string) => `\ufeff${text}`,
  (text: string) => text.replace(/\d+/, '1e400'),
  (text: string) => text.replace('{', '{"__proto__":{},'),
  (text: string) => text.replace('{', '{"key":1,'),
);

const headers = fc.record(
  {
    'content-type': fc.constantFrom(
      'application/json',
      'application/json',
      'application/json; charset="UTF-8"',
      'application/json; charset=latin1',
      'text/csv',
      'application/octet-stream',
      'application/vnd.apache.parquet',
      'text/plain',
      ';',
    ),
    'content-encoding': fc.constantFrom('identity', 'gzip', 'br', 'zstd'),
    'inference-header-content-length': fc.constantFrom('0', '2', '-1', '1e9', '99999999999'),
    accept: fc.constantFrom('*/*', 'text/markdown', 'text/*;q=x', ',,;;q=1'),
  },
  { requiredKeys: ['content-type'] },
);

it(
  `${RUNS} requests that no client should send are answered, and none by a fault of the server`,
  async () => {
    const request = fc
      .tuple(
        fc.constantFrom(...routes()),
        fc.oneof(
          { weight: 3, arbitrary: fc.constant('as it is') },
          {
            weight: 1,
            arbitrary: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS', 'PATCH'),
          },
        ),
      )
      .chain(([[usual, path], other]) =>
        fc.record({
          method: fc.constant(other === 'as it is' ? usual : other),
          path: fc.constant(path),
          parameters: fc.array(parameter, {
            minLength: 3,
            maxLength: 3,
          }),
          query: fc.dictionary(fc.oneof(fc.constantFrom(...queries), queryText), queryText, { maxKeys: 3 }),
          body: bodies[path] ?? oddValue,
          wrap: wrapped,
          headers: fc.oneof(
            { weight: 3, arbitrary: fc.constant({ 'content-type': 'application/json' }) },
            headers,
          ),
        }),
      );
    const statuses = new Map<number, number>();
    await fc.assert(
      fc.asyncProperty(request, async ({ method, path, parameters, query, body, wrap, headers: sent }) => {
        const given = [...parameters];
        const filled = path.replaceAll(/:\w+/g, () => given.shift() ?? '1');
        const search = Object.entries(query)
          .map(([field, value]) => `${field}=${value}`)
          .join('&');
        const response = await api.app.inject({
          method: method as 'GET',
          url: `${filled}?${search}`,
          headers: { ...authorization(api.key), ...sent },
          ...(method !== 'GET' && method !== 'HEAD' && { payload: wrap(JSON.stringify(body) ?? '') }),
        });
        statuses.set(response.statusCode, (statuses.get(response.statusCode) ?? 0) + 1);
        // A valid request to start a run gets as far as Temporal, which this API does not have.
        const isWithoutTemporal = response.body.includes('"TEMPORAL_UNREACHABLE"');
        expect(response.statusCode).toBeLessThan(isWithoutTemporal ? 504 : 500);
        if (response.statusCode < 400 || method === 'HEAD') return;
        const refused = response.json<Refused>();
        expect(errorKinds[refused.code].status).toBe(response.statusCode);
        expect(refused.requestId ?? refused.request_id).toBe(response.headers['x-request-id']);
        // A problem of RFC 9457, an error of MLflow, or one of Open Inference.
        const message = refused.detail ?? refused.message ?? refused.error;
        expect(message.length).toBeLessThan(600);
        expect(message).not.toMatch(/[\p{Cc}\p{Cs}]/u);
      }),
      // Any answer that takes longer fails the test; the limit is generous enough for a machine five times slower.
      { numRuns: RUNS, timeout: 20_000 },
    );
    // Checks that not all requests were refused as malformed.
    expect([...statuses.keys()]).toEqual(expect.arrayContaining([200, 400, 404, 405, 415]));
  },
  60_000 + RUNS * 200,
);
