// The features of a window as text: numbers in one table, categories in another.
import { type FeatureStats, type WindowStats } from '../../store/join/window-stats.ts';
import { exact, fixed } from '../../domain/numbers-in-words.ts';
import { short, told } from '../output/format.ts';
import { type Output } from '../output/output.ts';

type NumericStats = Extract<FeatureStats, { kind: 'numeric' }>;
type CategoryStats = Extract<FeatureStats, { kind: 'category' }>;

/** Prints the features of a window. */
export function printStats(output: Output, { features }: WindowStats): void {
  const numbers = features.filter((each): each is NumericStats => each.kind === 'numeric');
  const categories = features.filter((each): each is CategoryStats => each.kind === 'category');
  if (numbers.length > 0) {
    output.table({
      head: ['number', 'missing', 'min', '5 %', '25 %', '50 %', '75 %', '95 %', 'max', 'mean', 'sd'],
      rows: numbers.map((each) => [
        each.infinite === 0 ? each.name : `${each.name} (${each.infinite} infinite)`,
        percent(each.missing, each.rows),
        value(each.min),
        ...told([0, 1, 2, 3, 4].map((at) => each.quantiles[at]?.value)),
        value(each.max),
        short(each.mean),
        short(each.sd),
      ]),
    });
  }
  if (numbers.length > 0 && categories.length > 0) output.line();
  if (categories.length > 0) {
    output.table({
      head: ['category', 'missing', 'values', 'most common'],
      rows: categories.map((each) => [
        each.name,
        percent(each.missing, each.rows),
        each.distinct ?? 'over 40,000',
        each.top.map(({ value, count }) => `${shortened(value)} ${percent(count, each.rows)}`).join(', '),
      ]),
    });
  }
}

/** An extreme is a value of the table. */
const value = (extreme: number | null): string | null => (extreme === null ? null : exact(extreme));

const LONGEST = 30;

const shortened = (text: string): string => (text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text);

function percent(part: number, of: number): string {
  const share = of === 0 ? 0 : (100 * part) / of;
  return `${share > 0 && share < 0.1 ? '<0.1' : fixed([share], [100], 1)[0]} %`;
}
