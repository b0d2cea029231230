// Odd records that a version must survive: nothing known, far outside the range, never seen.
import { type FeatureRecord, type Frame } from '../features/frame.ts';

/** A record with what is odd about it. */
export interface ExtremeRecord {
  readonly name: string;
  readonly record: FeatureRecord;
}

/**
 * All features missing; each numeric column at ten times its least and greatest value, the others missing; an unseen
 * value in each category.
 */
export function extremeRecords(frame: Frame): ExtremeRecord[] {
  const nothing: FeatureRecord = Object.fromEntries(frame.features.map(({ name }) => [name, null]));
  const withOne = (name: string, value: number | string): FeatureRecord => ({ ...nothing, [name]: value });
  const odd = frame.features.flatMap((column): ExtremeRecord[] => {
    const { name } = column;
    if (column.kind === 'category')
      return [{ name: `${name} unseen`, record: withOne(name, 'a value never seen') }];
    const { least, greatest } = range(column.values);
    return [
      { name: `${name} at 10 × its minimum`, record: withOne(name, 10 * least) },
      { name: `${name} at 10 × its maximum`, record: withOne(name, 10 * greatest) },
    ];
  });
  return [{ name: 'all missing', record: nothing }, ...odd];
}

function range(values: Float64Array): { least: number; greatest: number } {
  let least = Infinity;
  let greatest = -Infinity;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    least = Math.min(least, value);
    greatest = Math.max(greatest, value);
  }
  return Number.isFinite(least) ? { least, greatest } : { least: 0, greatest: 0 };
}
