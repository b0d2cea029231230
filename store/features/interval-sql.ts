// A duration of a definition as a Postgres interval.
import { durationOf } from '../../domain/model/parts/duration.ts';

/** An interval for a duration. @example intervalSql('45 days') // interval '45 days' */
export const intervalSql = (text: string): string => {
  const { amount, unit } = durationOf(text);
  return `interval '${amount} ${unit}s'`;
};
