// Generates columns for which Evidently chooses each of its tests; the same for the same sizes.
import { type PandasType } from '../../../domain/drift/evidently/sample.ts';
import { type FeatureColumn, MISSING_CODE } from '../../../domain/data/frame.ts';
import { Random } from '../../../domain/random.ts';

/** A data set as columns of `rows` values. */
export interface Side {
  readonly rows: number;
  readonly features: readonly FeatureColumn[];
}

/** Both sides, with the pandas type of each column. */
export interface ParityCase {
  readonly reference: Side;
  readonly window: Side;
  readonly types: Readonly<Record<string, PandasType>>;
}

type Draw = (random: Random, current: boolean) => number | string | null;

const whole =
  (values: number, drift: number): Draw =>
  (random, current) =>
    Math.min(values - 1, Math.floor(random.uniform() ** (current ? 1 + drift : 1) * values));
const named =
  (values: number, drift: number): Draw =>
  (random, current) =>
    `v${String(whole(values, drift)(random, current))}`;
const half =
  (draw: Draw): Draw =>
  (random, current) =>
    Number(draw(random, current)) + 0.5;

const DRAWS: Readonly<Record<string, readonly [PandasType, Draw]>> = {
  normal: ['float', (random) => random.normal()],
  shifted: ['float', (random, current) => random.normal() + (current ? 0.25 : 0)],
  skewed: ['float', (random) => Math.exp(2 * random.normal())],
  scaled: ['float', (random, current) => (current ? 1.4 : 1) * (20 + random.normal())],
  outlier: ['float', (random) => (random.chance(0.005) ? 1e6 : random.normal())],
  gaps: ['float', (random, current) => (random.chance(current ? 0.5 : 0.05) ? null : random.normal())],
  constant: ['float', () => 29.1],
  float_2: ['float', half(whole(2, 0.3))],
  float_4: ['float', half(whole(4, 0.2))],
  float_6: ['float', half(whole(6, 0.1))],
  int_2: ['int', whole(2, 0.3)],
  int_4: ['int', whole(4, 0)],
  int_9: ['int', whole(9, 0.1)],
  int_11: ['int', whole(11, 0.1)],
  int_500: ['int', whole(500, 0.1)],
  int_gaps: ['int', (random, current) => (random.chance(0.1) ? null : whole(3, 0.2)(random, current))],
  flag: ['bool', (random, current) => (random.chance(current ? 0.35 : 0.3) ? 'True' : 'False')],
  text_2: ['string', named(2, 0)],
  text_8: ['string', named(8, 0.2)],
  text_60: ['string', named(60, 0.05)],
  text_gaps: ['string', (random, current) => (random.chance(0.2) ? null : named(3, 0.4)(random, current))],
  new_value: [
    'string',
    (random, current) => (current && random.chance(0.02) ? 'new' : named(3, 0)(random, current)),
  ],
};

/** Generates the columns of both sides. @example parityCase(200, 150).types['int_4'] // 'int' */
export function parityCase(referenceRows: number, windowRows: number): ParityCase {
  const side = (rows: number, current: boolean): Side => ({
    rows,
    features: Object.entries(DRAWS).map(([name, [type, draw]], index) => {
      const random = new Random(referenceRows, windowRows, 2 * index + Number(current));
      const values = Array.from({ length: rows }, () => draw(random, current));
      return type === 'float' || type === 'int'
        ? { kind: 'numeric', name, values: Float64Array.from(values, (value) => Number(value ?? NaN)) }
        : categories(name, values as (string | null)[]);
    }),
  });
  return {
    reference: side(referenceRows, false),
    window: side(windowRows, true),
    types: Object.fromEntries(Object.entries(DRAWS).map(([name, [type]]) => [name, type])),
  };
}

/** Builds a category column from texts. */
export function categories(name: string, values: readonly (string | null)[]): FeatureColumn {
  const dictionary = [...new Set(values.filter((value) => value !== null))];
  const codeOf = new Map(dictionary.map((value, code) => [value, code]));
  const codes = Uint32Array.from(values, (value) => codeOf.get(value ?? '') ?? MISSING_CODE);
  return { kind: 'category', name, codes, dictionary };
}
