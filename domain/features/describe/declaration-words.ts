// What a column's declaration promises of its values, and how its drift is judged, in words.
import { percent } from '../../numbers-in-words.ts';
import { type ColumnSpec } from '../column.ts';

const MOST_VALUES = 8;

/**
 * The contract of a column, a part each; none where it promises nothing.
 *
 * @example contractInWords(numeric({ min: 0, nullShare: 0.1 })) // ['at least 0', 'at most 10 % missing']
 */
export function contractInWords(spec: ColumnSpec): string[] {
  if (spec.type === 'instant') return [];
  const { nullShare, unique, mostly, severity } = spec;
  const parts = [
    ...valuesInWords(spec),
    ...(nullShare === undefined ? [] : [`at most ${percent(nullShare)} missing`]),
    ...(unique ? ['no value twice'] : []),
  ];
  if (parts.length === 0) return [];
  return [
    ...parts,
    ...(mostly === undefined ? [] : [`in ${percent(mostly)} of the rows`]),
    ...(severity === undefined ? [] : [`else ${severityInWords(severity)}`]),
  ];
}

type Judged = Exclude<ColumnSpec, { type: 'instant' }>;

function valuesInWords(spec: Judged): string[] {
  switch (spec.type) {
    case 'numeric':
      return boundsInWords(spec.min, spec.max);
    case 'count':
      return ['whole', ...boundsInWords(0, spec.max)];
    case 'category':
      return [
        ...(spec.values ? [oneOf(spec.values)] : []),
        ...(spec.matches === undefined ? [] : [`matches ${spec.matches}`]),
      ];
    case 'flag':
      return [];
  }
}

function boundsInWords(min: number | undefined, max: number | undefined): string[] {
  if (min !== undefined && max !== undefined) return [`${min} to ${max}`];
  if (min !== undefined) return [`at least ${min}`];
  return max === undefined ? [] : [`at most ${max}`];
}

function oneOf(values: readonly string[]): string {
  const more = values.length > MOST_VALUES ? ` and ${values.length - MOST_VALUES} more` : '';
  return `one of ${values.slice(0, MOST_VALUES).join(', ')}${more}`;
}

const severityInWords = (severity: NonNullable<Judged['severity']>): string =>
  typeof severity === 'string'
    ? severity
    : Object.entries(severity)
        .map(([kind, word]) => `${word} for ${kind}`)
        .join(', ');

/**
 * How the drift of a column is judged where its declaration says so; none where everything is as the model has it.
 *
 * @example driftInWords(count({ critical: true, drift: { effect: 'psi', threshold: 0.1 } })) // ['critical', 'psi from 0.1']
 */
export function driftInWords(spec: ColumnSpec): string[] {
  if (spec.type === 'instant') return [];
  const { effect, threshold, weight } = spec.drift ?? {};
  const from = threshold === undefined ? '' : ` from ${threshold}`;
  return [
    ...(spec.critical ? ['critical'] : []),
    ...(effect === undefined && threshold === undefined ? [] : [`${effect ?? 'effect'}${from}`]),
    ...(weight === undefined ? [] : [`weight ${weight}`]),
  ];
}
