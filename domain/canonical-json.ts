// Canonical JSON (RFC 8785) and its digests. Approvals and stored records contain such a digest to identify the exact
// value that they refer to.
import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';

// The cast is needed because the package is CommonJS, but its types declare an ESM-style default export.
const serialise = canonicalize as unknown as (value: unknown) => string | undefined;

/**
 * Returns the canonical text of a plain JSON value: sorted keys, no white space, the shortest form of each number.
 *
 * @throws TypeError for a value that JSON cannot represent, such as NaN or an infinity
 */
export function canonicalJson(value: unknown): string {
  const text = serialise(value);
  if (text === undefined) throw new TypeError('the value cannot be written as JSON');
  return text;
}

/** SHA-256 of the canonical JSON text, in hexadecimal. @example digestOf({ b: 1, a: 2 }) === digestOf({ a: 2, b: 1 }) */
export const digestOf = (value: unknown): string =>
  createHash('sha256').update(canonicalJson(value)).digest('hex');

/** SHA-256 of bytes, in hexadecimal. */
export const digestOfBytes = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

const SHORT = 12;

/**
 * Shortens two different digests so that they can still be told apart: at least 12 digits are kept, and at least three
 * after the first digit that differs.
 *
 * @example digestsApart('a'.repeat(64), 'b'.repeat(64)) // ['aaaaaaaaaaaa…', 'bbbbbbbbbbbb…']
 */
export function digestsApart(first: string, second: string): [string, string] {
  let same = 0;
  while (same < first.length && first[same] === second[same]) same += 1;
  const shown = Math.max(SHORT, same + 4);
  const shorten = (digest: string): string => (digest.length > shown ? `${digest.slice(0, shown)}…` : digest);
  return [shorten(first), shorten(second)];
}

/**
 * Compares texts by code units, never by locale, so that freezing the same data gives the same bytes on every machine.
 */
export const byCodeUnits = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
