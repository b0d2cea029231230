// Columns as a model file declares them, with a threshold of drift.
import { type Feature } from '../../domain/model/define-model.ts';

/**
 * The line to paste: the declaration as it is, with the threshold. Of a derived column only its drift.
 *
 * @example columnLine(feature, 0.12) // 'monthly_fee: numeric({ min: 0, drift: { threshold: 0.12 } }),'
 */
export function columnLine({ name, spec, view }: Feature, threshold: number): string {
  const drift = { ...spec.drift, threshold };
  if (view === null) return `// derived ${name}: drift: ${literal(drift)}`;
  const { type, ...rest } = spec;
  const { values, ...options } = { values: undefined, ...rest };
  const given = values === undefined ? (type === 'category' ? ['undefined'] : []) : [literal(values)];
  return `${name}: ${type}(${[...given, literal({ ...options, drift })].join(', ')}),`;
}

function literal(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`;
  if (typeof value === 'string') return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  if (typeof value !== 'object' || value === null) return String(value);
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  return `{ ${fields.map(([key, field]) => `${/^[A-Za-z_$][\w$]*$/.test(key) ? key : literal(key)}: ${literal(field)}`).join(', ')} }`;
}
