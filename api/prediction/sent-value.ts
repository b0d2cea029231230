// A value as a request would send it and an answer gives it.
import { type FeatureSpec } from '../../domain/model/parts/column.ts';
import { type FeatureRecord } from '../../domain/data/frame.ts';

/** A flag is true or false to people, though it is scored as a category. */
export const sentValue = (
  { type }: Pick<FeatureSpec, 'type'>,
  value: FeatureRecord[string] | undefined,
): number | string | boolean | null => {
  if (value === undefined || value === null) return null;
  return type === 'flag' ? value === 'true' : value;
};
