// Encodes profiles and references as plain JSON, and decodes them.
import { TidegateError } from '../../errors.ts';
import { type CategoryProfile, type CategoryReference } from './category-profile.ts';
import { type ClipRange } from './clip-range.ts';
import { type ColumnReference, type FeatureReference, type Share } from './feature-reference.ts';
import { type Moments } from '../math/moments.ts';
import { type NumericProfile } from './numeric-profile.ts';
import { type NumericReference } from './numeric-reference.ts';
import { type AbsentProfile, type ColumnProfile, type WindowProfile } from './window-profile.ts';

/** Must be increased with every change of these formats that older code would misread. */
const FORMAT = 4;

/**
 * Older formats that can still be read. In format 2, counts are JSON numbers, which Postgres writes twenty times as
 * slowly. Formats 2 and 3 contain no moments.
 */
const OLDER_FORMATS: readonly number[] = [2, 3];

/** A numeric profile. Its numbers are encoded by `encodeNumbers`, except the counts of format 2. */
export interface EncodedNumericProfile {
  readonly kind: 'numeric';
  readonly name: string;
  readonly counts: string | readonly number[];
  readonly sums: string;
  readonly missing: number;
  /** Minimum and maximum. */
  readonly extremes: string;
  /** Number of finite values, their mean and their standard deviation; absent before format 4. */
  readonly moments?: string;
}

/** A category profile; unseen values as pairs of value and number of rows. */
export interface EncodedCategoryProfile extends Omit<CategoryProfile, 'counts' | 'unseen'> {
  readonly counts: readonly number[];
  readonly unseen: readonly (readonly [string, number])[];
}

/** A numeric column of the reference; its bin edges are encoded by `encodeNumbers`. */
export interface EncodedNumericReference {
  readonly kind: 'numeric';
  readonly name: string;
  readonly cuts: string;
  readonly psiCuts: string;
  readonly range: ClipRange | null;
  readonly spread: number;
  readonly profile: EncodedNumericProfile;
}

/** A category column of the reference. */
export interface EncodedCategoryReference extends Omit<CategoryReference, 'counts'> {
  readonly counts: readonly number[];
}

/** A feature reference as plain JSON, suitable for canonical JSON and a digest. */
export interface EncodedReference {
  readonly format: number;
  readonly rows: number;
  readonly labels: Share;
  readonly columns: readonly (EncodedNumericReference | EncodedCategoryReference)[];
}

/** A window's profile as plain JSON. */
export interface EncodedProfile {
  readonly format: number;
  readonly rows: number;
  readonly labels: Share;
  readonly columns: readonly (EncodedNumericProfile | EncodedCategoryProfile | AbsentProfile)[];
}

/** Encodes a reference as plain JSON; `decodeReference` restores every bit. */
export const encodeReference = ({ rows, labels, columns }: FeatureReference): EncodedReference => ({
  format: FORMAT,
  rows,
  labels,
  columns: columns.map((column) =>
    column.kind === 'numeric'
      ? {
          ...column,
          cuts: encodeNumbers(column.cuts),
          psiCuts: encodeNumbers(column.psiCuts),
          profile: encodeNumeric(column.profile),
        }
      : { ...column, counts: [...column.counts] },
  ),
});

/**
 * Decodes what `encodeReference` returned.
 *
 * @throws TidegateError UNREADABLE_PROFILE if another release of Tidegate wrote it in a format that this one cannot read
 */
export function decodeReference({ format, rows, labels, columns }: EncodedReference): FeatureReference {
  requireFormat(format, 'feature reference');
  return { rows, labels, columns: columns.map(decodeColumnReference) };
}

/** Encodes a window's profile as plain JSON; `decodeProfile` restores every bit. */
export const encodeProfile = ({ rows, labels, columns }: WindowProfile): EncodedProfile => ({
  format: FORMAT,
  rows,
  labels,
  columns: columns.map((column) => {
    if (column.kind === 'absent') return column;
    if (column.kind === 'numeric') return encodeNumeric(column);
    return { ...column, counts: [...column.counts], unseen: [...column.unseen] };
  }),
});

/**
 * Decodes what `encodeProfile` returned.
 *
 * @throws TidegateError UNREADABLE_PROFILE if another release of Tidegate wrote it in a format that this one cannot read
 */
export function decodeProfile({ format, rows, labels, columns }: EncodedProfile): WindowProfile {
  requireFormat(format, 'window profile');
  return { rows, labels, columns: columns.map(decodeColumnProfile) };
}

function decodeColumnReference(column: EncodedNumericReference | EncodedCategoryReference): ColumnReference {
  if (column.kind === 'category') return { ...column, counts: Float64Array.from(column.counts) };
  const reference: NumericReference = {
    ...column,
    cuts: decodeNumbers(column.cuts),
    psiCuts: decodeNumbers(column.psiCuts),
    profile: decodeNumeric(column.profile),
  };
  return reference;
}

function decodeColumnProfile(
  column: EncodedNumericProfile | EncodedCategoryProfile | AbsentProfile,
): ColumnProfile {
  if (column.kind === 'absent') return column;
  if (column.kind === 'numeric') return decodeNumeric(column);
  return { ...column, counts: Float64Array.from(column.counts), unseen: new Map(column.unseen) };
}

const encodeNumeric = (profile: NumericProfile): EncodedNumericProfile => ({
  kind: 'numeric',
  name: profile.name,
  counts: encodeNumbers(profile.counts),
  sums: encodeNumbers(profile.sums),
  missing: profile.missing,
  extremes: encodeNumbers(Float64Array.of(profile.minimum, profile.maximum)),
  ...(profile.moments && { moments: encodeMoments(profile.moments) }),
});

const encodeMoments = ({ finite, mean, sd }: Moments): string =>
  encodeNumbers(Float64Array.of(finite, mean, sd));

function decodeMoments(text: string): Moments {
  const [finite = 0, mean = 0, sd = 0] = decodeNumbers(text);
  return { finite, mean, sd };
}

function decodeNumeric(profile: EncodedNumericProfile): NumericProfile {
  const [minimum = Infinity, maximum = -Infinity] = decodeNumbers(profile.extremes);
  return {
    kind: 'numeric',
    name: profile.name,
    counts:
      typeof profile.counts === 'string' ? decodeNumbers(profile.counts) : Float64Array.from(profile.counts),
    sums: decodeNumbers(profile.sums),
    missing: profile.missing,
    minimum,
    maximum,
    moments: profile.moments === undefined ? null : decodeMoments(profile.moments),
  };
}

function requireFormat(format: number, what: string): void {
  if (format === FORMAT || OLDER_FORMATS.includes(format)) return;
  throw new TidegateError(
    'UNREADABLE_PROFILE',
    `the ${what} has format ${format}; this release reads ${[...OLDER_FORMATS, FORMAT].join(', ')}`,
  );
}

/**
 * Encodes numbers as little-endian doubles in base64, which keeps infinities, −0 and every bit, unlike JSON numbers.
 *
 * @example encodeNumbers(Float64Array.of(Infinity)); // 'AAAAAAAA8H8='
 */
export const encodeNumbers = (values: Float64Array): string =>
  // The bytes are copied from memory as they are, because Tidegate runs only on little-endian machines.
  Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('base64');

/** Decodes what `encodeNumbers` returned. */
export function decodeNumbers(text: string): Float64Array {
  const bytes = Buffer.from(text, 'base64');
  const values = new Float64Array(Math.floor(bytes.length / 8));
  new Uint8Array(values.buffer).set(bytes.subarray(0, values.byteLength));
  return values;
}
