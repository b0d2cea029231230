// The features of an online row as the version that answers reads them.
import { isNumeric } from '../../domain/features/column.ts';
import { type Feature } from '../../domain/features/define-model.ts';
import { type FeatureRecord } from '../../domain/features/frame.ts';

/** The record of an online row. A number that JSON cannot hold was stored as a text, and counts as missing. */
export const onlineRecord = (
  features: readonly Feature[],
  stored: Readonly<Record<string, unknown>>,
): FeatureRecord =>
  Object.fromEntries(
    features.map(({ name, spec }) => {
      const value = stored[name];
      const fits = isNumeric(spec) ? typeof value === 'number' : typeof value === 'string';
      return [name, fits ? (value as number | string) : null];
    }),
  );
