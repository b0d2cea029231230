// The two months of StreamFlow as frames.
import type { Frame } from '../../../domain/data/frame.ts';
import { frameOf, type Values } from './frame-of.ts';
import { sharedText } from './oracles.ts';

const TABLES = ['subscriptions', 'usage_agg_30d', 'support_agg_90d', 'payments_agg_90d'];

/** Lists the files of a month: the tables of features, and the labels. */
export const monthFiles = (month: string): string[] =>
  [...TABLES, 'labels'].map((table) => `data/streamflow/${month}/${table}.csv`);

/** Reads a month's features and labels. Splitting at commas is enough, because no field of these files is quoted. */
export function streamflowMonth(
  month: string,
  numeric: readonly string[],
  categories: readonly string[],
): Frame {
  const columns = new Map<string, string[]>();
  for (const file of monthFiles(month)) {
    const [header = '', ...lines] = sharedText(file).trimEnd().split(/\r?\n/);
    header.split(',').forEach((name, index) => {
      columns.set(
        name,
        lines.map((line) => line.split(',')[index] ?? ''),
      );
    });
  }
  const text = (name: string): string[] => columns.get(name) ?? [];
  const features: Record<string, Values> = {};
  for (const name of numeric)
    features[name] = text(name).map((value) => (value === '' ? NaN : Number(value)));
  for (const name of categories) features[name] = text(name).map((value) => (value === '' ? null : value));
  return frameOf(
    features,
    text('churn_label').map((value) => (value === 'True' ? 1 : 0)),
  );
}
