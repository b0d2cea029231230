// Unusual and malformed request bodies: each is either read or refused with an error of the usual shape.
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BODY_LIMIT } from '../../api/plugins/body-text.ts';
import { errorKinds, type ErrorCode, type Place } from '../../domain/errors.ts';
import { authorization, ModelFixture, startTestApi, type TestApi } from './fixture.ts';

let fixture: ModelFixture;
let api: TestApi;

beforeAll(async () => {
  fixture = await ModelFixture.create();
  await fixture.release(0);
  await fixture.addOnlineRow('7', { hours: 1 });
  api = await startTestApi(fixture.database);
});

afterAll(async () => {
  await api.close();
  await fixture.drop();
});

const predict = '/models/churn/predict?explain=true';
const send = (payload: string | Buffer, headers: Readonly<Record<string, string>> = {}, url = predict) =>
  api.app.inject({
    method: 'POST',
    url,
    headers: { ...authorization(api.key), 'content-type': 'application/json', ...headers },
    payload,
  });

interface Shown {
  readonly error: { readonly code: ErrorCode; readonly message: string; readonly places?: Place[] };
}

async function refusal(answer: ReturnType<typeof send>): Promise<Shown['error']> {
  const response = await answer;
  const { error } = response.json<Shown>();
  expect(response.statusCode).toBe(errorKinds[error.code].status);
  expect(error.message.length).toBeLessThan(400);
  return error;
}

const category = (plan: string): string => JSON.stringify({ features: { plan } });

describe('the character set of a body', () => {
  it.each([
    'application/json',
    'application/json; charset=utf-8',
    'application/json;charset=UTF-8',
    'Application/JSON ; Charset="utf-8"',
    "application/json; charset='UTF8'; boundary=x",
  ])('%s is read', async (type) => {
    const response = await send(category('né'), { 'content-type': type });
    expect(response.statusCode).toBe(200);
    expect(response.json<{ predictions: object[] }>().predictions[0]).toMatchObject({
      features_used: { plan: 'né' },
    });
  });

  it.each(['iso-8859-1', '"ISO-8859-1"', 'windows-1252', 'utf-16le', 'utf-8; charset=latin1'])(
    '%s is refused, and the error mentions the character set',
    async (charset) => {
      const error = await refusal(
        send(Buffer.from(category('né'), 'latin1'), {
          'content-type': `application/json; charset=${charset}`,
        }),
      );
      expect(error.code).toBe('UNSUPPORTED_MEDIA_TYPE');
      expect(error.message).toContain('character set');
    },
  );

  it.each(['application/json', 'application/json; charset=utf-8'])(
    'bytes that are not UTF-8 are refused (%s)',
    async (type) => {
      for (const bytes of [
        Buffer.from(category('né'), 'latin1'),
        Buffer.concat([
          Buffer.from('{"features":{"plan":"'),
          Buffer.from([0xed, 0xa0, 0x80]),
          Buffer.from('"}}'),
        ]),
        Buffer.from(`\ufeff${category('a')}`, 'utf16le'),
      ]) {
        const error = await refusal(send(bytes, { 'content-type': type }));
        expect(error.code).toBe('UNSUPPORTED_MEDIA_TYPE');
        expect(error.message).toContain('not valid UTF-8');
      }
    },
  );

  it('a byte order mark is ignored', async () => {
    expect((await send(`\ufeff${category('basic')}`)).statusCode).toBe(200);
  });
});

describe('a compressed body', () => {
  const body = Buffer.from(JSON.stringify({ features: { hours: 3 } }));

  it.each([
    ['gzip', gzipSync(body)],
    ['GZIP', gzipSync(body)],
    ['x-gzip', gzipSync(body)],
    ['deflate', deflateSync(body)],
    ['br', brotliCompressSync(body)],
    ['identity', body],
  ])('is read (%s)', async (encoding, payload) => {
    expect((await send(payload, { 'content-encoding': encoding })).statusCode).toBe(200);
  });

  it.each(['compress', 'gzip, gzip', 'constructor', 'x'.repeat(3_000)])(
    'is refused as %s',
    async (encoding) => {
      expect((await refusal(send(body, { 'content-encoding': encoding }))).code).toBe(
        'UNSUPPORTED_MEDIA_TYPE',
      );
    },
  );

  it.each([
    ['gzip', gzipSync(Buffer.alloc(BODY_LIMIT + 1, 32))],
    ['deflate', deflateSync(Buffer.alloc(BODY_LIMIT + 1, 32))],
    ['br', brotliCompressSync(Buffer.alloc(BODY_LIMIT + 1, 32))],
  ])('is not decompressed beyond the size limit (%s)', async (encoding, payload) => {
    expect(payload.length).toBeLessThan(10_000);
    expect((await refusal(send(payload, { 'content-encoding': encoding }))).code).toBe('BODY_TOO_LARGE');
  });

  it('is refused if it is not compressed at all', async () => {
    const error = await refusal(send(body, { 'content-encoding': 'gzip' }));
    expect([error.code, error.message]).toEqual([
      'INVALID_REQUEST',
      'the body cannot be decompressed as gzip',
    ]);
  });
});

describe('a body of JSON', () => {
  it.each([
    ['nothing', '', 'empty'],
    ['blanks', ' \n ', 'empty'],
    ['half an object', '{"features":{"hours":1}', 'not valid JSON'],
    ['text after the object', '{"features":{}} x', 'not valid JSON'],
    ['a second value', '{"features":{}}{"features":{}}', 'not valid JSON'],
    ['NaN', '{"features":{"hours":NaN}}', 'not valid JSON'],
    ['Infinity', '{"features":{"hours":-Infinity}}', 'not valid JSON'],
    ['a number that is too large', '{"features":{"hours":1e400}}', 'expected a number or null, got Infinity'],
    ['a key that is too large', '{"key":{"user_id":1e400}}', 'key.user_id: must be a text or a whole number'],
    ['a key that a double cannot represent', '{"key":{"user_id":9007199254740993}}', 'key.user_id: '],
    ['a field twice', '{"features":{"hours":1,"hours":2}}', 'has the same field twice'],
    ['a field twice, once escaped', '{"features":{"hours":1,"h\\u006furs":2}}', 'has the same field twice'],
    ['__proto__', '{"features":{"__proto__":{"hours":1}}}', 'a field must not be called __proto__'],
    [
      'an escaped __proto__',
      '{"features":{"\\u005f_proto__":{"hours":1}}}',
      'a field must not be called __proto__',
    ],
    ['a constructor', '{"features":{"constructor":{"prototype":{}}}}', 'no such feature'],
    [
      'NUL in a category',
      '{"features":{"plan":"a\\u0000b"}}',
      'expected a text without NUL and without half a surrogate pair',
    ],
    ['half a pair in a key', '{"key":{"user_id":"\\ud800"}}', 'NUL or half a surrogate pair'],
    ['deeply nested lists', `{"features":{"hours":${'['.repeat(500_000)}`, 'more than 20 levels deep'],
    ['deeply nested objects', '{"features":'.repeat(300_000), 'more than 20 levels deep'],
  ])('that contains %s is refused', async (_, payload, words) => {
    const { message } = await refusal(send(payload));
    expect(message).toContain(words);
  });

  it('may contain minus zero, and quotes, braces and backslashes inside texts', async () => {
    expect((await send('{"features":{"hours":-0,"tickets":-0}}')).statusCode).toBe(200);
    for (const plan of ['"', '\\', '\\"', '{"a":{"b":1}}', '\\\\":[{', 'a:b']) {
      const response = await send(category(plan));
      expect(response.json()).toMatchObject({ predictions: [{ features_used: { plan } }] });
    }
  });
});

describe('the work that one body can cause', () => {
  const many = (count: number, value = '1'): string =>
    Array.from({ length: count }, (_, index) => `"x${index}":${value}`).join(',');

  it.each([
    ['300,000 unknown features', `{"features":{${many(300_000)}}}`, 'more than 5000 fields'],
    [
      '1,000 rows of 300',
      `{"rows":[${Array.from({ length: 1_000 }, () => `{${many(300)}}`).join(',')}]}`,
      'more than 250000 fields together',
    ],
    ['a key of 5,000 columns', `{"key":{${many(5_000)}}}`, 'has 5000 fields, but at most 32 are allowed'],
    ['300,000 unknown fields', `{${many(300_000)}}`, 'more than 5000 fields'],
    [
      'a name of 4 MB',
      `{"features":{"${'n'.repeat(4_000_000)}":1}}`,
      "a field's name has 4000000 characters",
    ],
  ])('is limited before parsing and validation: %s', async (_, payload, words) => {
    const { message, places = [] } = await refusal(send(payload));
    expect(message).toContain(words);
    expect(places.length).toBeLessThanOrEqual(1);
  });

  it.each([
    ['unknown features', `{"features":{${many(4_000)}}}`, 'features.x0: the model has no such feature'],
    [
      'wrong values in each row',
      `{"rows":[${Array.from({ length: 1_000 }, () => '{"hours":"a","tickets":-1}').join(',')}]}`,
      'rows.0.hours: expected a number',
    ],
    [
      'invalid keys',
      `{"keys":[${Array.from({ length: 1_000 }, () => `{${many(32, 'null')}}`).join(',')}]}`,
      'keys.0.x0: must be a text or a whole number',
    ],
    [
      'keys of other columns',
      `{"keys":[${Array.from({ length: 1_000 }, () => `{${many(32)}}`).join(',')}]}`,
      'keys.0.user_id is missing',
    ],
    ['unknown fields', `{${many(5_000)}}`, 'x0: is not a field of this request'],
  ])('%s are searched for until 20 are found', async (_, payload, words) => {
    const { message, places } = await refusal(send(payload));
    expect(message).toContain(words);
    expect(places).toHaveLength(20);
  });

  it('1,000 references are resolved among the features of every model', async () => {
    const features = Array.from({ length: 1_000 }, (_, index) => `pony${index}`);
    const error = await refusal(
      send(JSON.stringify({ features, entities: { user_id: ['7'] } }), {}, '/features/online'),
    );
    expect([error.code, error.places?.length]).toEqual(['UNKNOWN_FEATURE', 20]);
  });
});

describe('a name that an error repeats', () => {
  const odd = `grace\nroot: ok\u202e${'x'.repeat(190)}`;

  it.each([
    ['feature', { features: { [odd]: 1 } }, predict],
    ['key column', { key: { [odd]: 1 } }, predict],
    ['field', { [odd]: 1 }, predict],
    ['key', { key: { user_id: odd } }, predict],
    ['reference', { features: ['hours', odd.slice(0, 200)], entities: { user_id: [7] } }, '/features/online'],
    ['service', { feature_service: odd.slice(0, 200), entities: { user_id: [7] } }, '/features/online'],
    ['entity', { feature_service: 'churn', entities: { [odd]: [7] } }, '/features/online'],
  ])('is shortened to one printable line (%s)', async (_, body, url) => {
    const response = await send(JSON.stringify(body), {}, url);
    expect(response.statusCode).toBeGreaterThanOrEqual(400);
    expect(response.statusCode).toBeLessThan(500);
    const { message, places = [] } = response.json<Shown>().error;
    for (const text of [message, ...places.flatMap(({ at, problem }) => [at, problem])]) {
      expect(text).not.toMatch(/\p{C}|x{81}/u);
    }
    expect(response.body).toContain('grace');
  });
});
