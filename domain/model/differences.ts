// Compares two declarations field by field.
import { canonicalJson } from '../canonical-json.ts';

/** A field that differs. A value is `undefined` if that declaration does not have the field. */
export interface Difference {
  /** Path of the field. @example 'columns.hours.min' */
  readonly at: string;
  readonly before: unknown;
  readonly now: unknown;
}

type Fields = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Returns the fields in which two plain JSON values differ. A list is compared as a whole; the order of fields does not
 * matter.
 *
 * @example differencesOf({ ttl: '45 days' }, { ttl: '30 days' }) // [{ at: 'ttl', before: '45 days', now: '30 days' }]
 */
export function differencesOf(before: unknown, now: unknown, at = ''): Difference[] {
  if (!isObject(before) || !isObject(now)) return isSame(before, now) ? [] : [{ at, before, now }];
  const names = [...new Set([...Object.keys(before), ...Object.keys(now)])];
  return names.flatMap((name) =>
    differencesOf(own(before, name), own(now, name), at === '' ? name : `${at}.${name}`),
  );
}

const own = (fields: Fields, name: string): unknown =>
  Object.hasOwn(fields, name) ? fields[name] : undefined;

const isSame = (before: unknown, now: unknown): boolean =>
  before === undefined || now === undefined ? before === now : canonicalJson(before) === canonicalJson(now);

/** Formats a value of a declaration for a message; `none` if it is undefined. @example formatValue('45 days') // '"45 days"' */
export const formatValue = (value: unknown): string => (value === undefined ? 'none' : canonicalJson(value));
