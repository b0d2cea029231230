// Reads the body of a request: JSON in UTF-8, compressed or not, with limits on its size, depth and number of fields.
import { isAscii } from 'node:buffer';
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate, type InputType, type ZlibOptions } from 'node:zlib';
import { type FastifyRequest } from 'fastify';
import { TidegateError } from '../../domain/errors.ts';
import { excerpt } from '../../domain/excerpt.ts';
import { type App } from '../context/types.ts';

/** Largest body in bytes, both compressed and decompressed; 1,000 rows of a wide model fit. */
export const BODY_LIMIT = 4 * 1024 * 1024;

/** How deeply lists and objects may be nested; no route needs more than 5 levels. */
const MAX_DEPTH = 20;
/** Maximum number of fields of one object; a definition has fewer columns. */
const MAX_FIELDS = 5_000;
/** Maximum number of fields of all objects together: 1,000 rows of 250 columns. */
const MAX_ALL_FIELDS = 250_000;
/** Longest name of a field, in characters as written; a column name in Postgres has at most 63 bytes. */
const MAX_NAME = 500;

/** Accepts only bodies of type application/json. */
export function parseJsonBodies(app: App): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer' },
    // A callback, because a promise for each body would cost more than parsing a small one.
    (request: FastifyRequest, body: Buffer, done) => {
      const { 'content-type': type = '', 'content-encoding': encoding } = request.headers;
      try {
        checkCharset(type);
        if (encoding === undefined) done(null, parseJson(decode(body)));
        else
          unpack(body, encoding)
            .then((unpacked) => parseJson(decode(unpacked)))
            .then((parsed) => done(null, parsed), done);
      } catch (error) {
        done(error as Error);
      }
    },
  );
}

type Unpack = (packed: InputType, options: ZlibOptions) => Promise<Buffer>;

const UNPACKERS: Readonly<Record<string, Unpack>> = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
};

async function unpack(body: Buffer, encoding = 'identity'): Promise<Buffer> {
  const name = encoding.trim().toLowerCase();
  if (name === 'identity' || name === '') return body;
  const unpacker = Object.hasOwn(UNPACKERS, name) ? UNPACKERS[name] : undefined;
  if (!unpacker) {
    throw new TidegateError(
      'UNSUPPORTED_MEDIA_TYPE',
      `the body has the content-encoding ${excerpt(encoding)}, which is not one of gzip, deflate and br`,
      { remedy: 'Send the body uncompressed, or with one of these encodings.' },
    );
  }
  try {
    return await unpacker(body, { maxOutputLength: BODY_LIMIT });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
      throw new TidegateError(
        'BODY_TOO_LARGE',
        `the body is larger than ${BODY_LIMIT} bytes when decompressed`,
      );
    }
    throw new TidegateError('INVALID_REQUEST', `the body cannot be decompressed as ${name}`, {
      cause: error,
    });
  }
}

const CHARSET = /;\s*charset\s*=\s*("[^"]*"|'[^']*'|[^\s;]+)/gi;
const UTF_8 = new Set(['utf-8', 'utf8', 'us-ascii', 'ascii']);

/** Checks the character set. @throws TidegateError UNSUPPORTED_MEDIA_TYPE if the header names one other than UTF-8 */
function checkCharset(contentType: string): void {
  if (contentType === 'application/json') return;
  for (const [, value = ''] of contentType.matchAll(CHARSET)) {
    const charset = value.replaceAll(/["']/g, '').trim();
    if (!UTF_8.has(charset.toLowerCase())) {
      throw new TidegateError(
        'UNSUPPORTED_MEDIA_TYPE',
        `the body is in the character set ${excerpt(charset)}, but must be in UTF-8`,
      );
    }
  }
}

const UTF_8_DECODER = new TextDecoder('utf-8', { fatal: true });

/** Decodes UTF-8, without a byte order mark. @throws TidegateError UNSUPPORTED_MEDIA_TYPE */
function decode(body: Buffer): string {
  if (isAscii(body)) return body.toString('latin1');
  try {
    return UTF_8_DECODER.decode(body);
  } catch (error) {
    throw new TidegateError(
      'UNSUPPORTED_MEDIA_TYPE',
      'the body is not valid UTF-8; it may be in another encoding, such as ISO-8859-1',
      { cause: error },
    );
  }
}

function parseJson(text: string): unknown {
  if (text.trim() === '') throw new TidegateError('INVALID_REQUEST', 'the body is empty');
  const written = checkSize(text);
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (error) {
    throw new TidegateError(
      'INVALID_REQUEST',
      `the body is not valid JSON: ${excerpt((error as Error).message, 200)}`,
      {
        cause: error,
      },
    );
  }
  // If a name appears twice in one object, JSON.parse keeps the last value, but the client may have meant the first.
  if (countFields(body) !== written) {
    throw new TidegateError('INVALID_REQUEST', 'the body has the same field twice in one object');
  }
  return body;
}

const [QUOTE, BACKSLASH, COLON, OPEN_LIST, CLOSE_LIST, OPEN, CLOSE] = Buffer.from('"\\:[]{}');

/**
 * Checks the limits of a JSON text before it is parsed, because parsing costs 20 times as much if it has many names or is
 * deeply nested.
 *
 * @returns how many fields its objects have together
 * @throws TidegateError INVALID_REQUEST as soon as a limit is exceeded
 */
function checkSize(text: string): number {
  const fields: number[] = [];
  let all = 0;
  let start = 0;
  let end = 0;
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charCodeAt(at);
    if (character === QUOTE) {
      start = at + 1;
      at = closingQuote(text, start);
      end = at;
    } else if (character === COLON) {
      all += 1;
      const here = (fields[fields.length - 1] = (fields.at(-1) ?? 0) + 1);
      if (end - start > MAX_NAME) {
        const name = excerpt(text.slice(start, start + MAX_NAME));
        throw tooMuch(
          `a field's name has ${end - start} characters: ${name}; at most ${MAX_NAME} are allowed`,
        );
      }
      if (here > MAX_FIELDS) throw tooMuch(`an object has more than ${MAX_FIELDS} fields`);
      if (all > MAX_ALL_FIELDS) throw tooMuch(`its objects have more than ${MAX_ALL_FIELDS} fields together`);
    } else if (character === OPEN || character === OPEN_LIST) {
      fields.push(0);
      if (fields.length > MAX_DEPTH) throw tooMuch(`it is more than ${MAX_DEPTH} levels deep`);
    } else if (character === CLOSE || character === CLOSE_LIST) fields.pop();
  }
  return all;
}

const tooMuch = (problem: string): TidegateError =>
  new TidegateError('INVALID_REQUEST', `the body: ${problem}`);

/** Returns the position of a string's closing quote; the text's length if there is none. */
function closingQuote(text: string, from: number): number {
  for (let at = text.indexOf('"', from); at !== -1; at = text.indexOf('"', at + 1)) {
    let slashes = 0;
    while (text.charCodeAt(at - 1 - slashes) === BACKSLASH) slashes += 1;
    if (slashes % 2 === 0) return at;
  }
  return text.length;
}

/** Counts the fields of all objects in a value. @throws TidegateError INVALID_REQUEST if a field is called `__proto__` */
function countFields(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  let count = 0;
  if (Array.isArray(value)) {
    for (const item of value) if (typeof item === 'object') count += countFields(item);
    return count;
  }
  const names = Object.keys(value);
  for (const name of names) {
    if (name === '__proto__')
      throw new TidegateError('INVALID_REQUEST', 'the body: a field must not be called __proto__');
    const field = (value as Readonly<Record<string, unknown>>)[name];
    if (typeof field === 'object') count += countFields(field);
  }
  return count + names.length;
}
