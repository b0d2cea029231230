// Reads the body of a request: JSON in UTF-8, compressed or not, with limits on its size, depth and number of fields.
import { type FastifyRequest } from 'fastify';
import { TidegateError } from '../../domain/errors.ts';
import { excerpt } from '../../domain/excerpt.ts';
import { type App } from '../context/types.ts';
import { decodeUtf8, readBody } from './body-text.ts';

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
    (request: FastifyRequest, body: Buffer, done) =>
      readBody(request, body, (bytes) => parseJson(decodeUtf8(bytes)), done),
  );
}

/** How {@link parseJson} reads a text. */
export interface JsonOptions {
  /**
   * Whether the words NaN, Infinity and -Infinity are read as numbers. They are not JSON, but Python writes them.
   *
   * @default false
   */
  readonly pythonNumbers?: boolean;
}

/** Parses the JSON of a body. @throws TidegateError INVALID_REQUEST if it is not JSON, or exceeds a limit */
export function parseJson(text: string, { pythonNumbers = false }: JsonOptions = {}): unknown {
  if (text.trim() === '') throw new TidegateError('INVALID_REQUEST', 'the body is empty');
  const written = checkSize(text);
  const body = parseText(text, pythonNumbers);
  // If a name appears twice in one object, JSON.parse keeps the last value, but the client may have meant the first.
  if (countFields(body) !== written) {
    throw new TidegateError('INVALID_REQUEST', 'the body has the same field twice in one object');
  }
  return body;
}

function parseText(text: string, pythonNumbers: boolean): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (pythonNumbers && PYTHON_NUMBER.test(text)) return parseText(withoutPythonNumbers(text), false);
    throw new TidegateError(
      'INVALID_REQUEST',
      `the body is not valid JSON: ${excerpt((error as Error).message, 200)}`,
      {
        cause: error,
      },
    );
  }
}

const PYTHON_NUMBER = /NaN|Infinity/;

/** Replaces NaN by null, and infinity by a number that is too large, outside of quoted texts. */
function withoutPythonNumbers(text: string): string {
  let replaced = '';
  let from = 0;
  while (from < text.length) {
    const quote = text.indexOf('"', from);
    const open = quote === -1 ? text.length : quote;
    replaced += text
      .slice(from, open)
      .replaceAll(/\bNaN\b/g, 'null')
      .replaceAll(/\bInfinity\b/g, '1e999');
    from = closingQuote(text, open + 1) + 1;
    replaced += text.slice(open, from);
  }
  return replaced;
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
