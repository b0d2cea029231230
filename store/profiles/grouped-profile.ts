// The profile of a query's answer by one grouped query per column: Postgres counts, and only counts come over.
import {
  type CategoryReference,
  profileCounts,
  unseenRows,
} from '../../domain/data/profile/category-profile.ts';
import { type ClipRange, unitScale } from '../../domain/data/profile/clip-range.ts';
import { type ColumnReference, type FeatureReference } from '../../domain/data/profile/feature-reference.ts';
import { presentNumbers } from '../../domain/data/profile/numeric-profile.ts';
import { addMoments, type Moments, NO_MOMENTS } from '../../domain/data/math/moments.ts';
import { type NumericReference } from '../../domain/data/profile/numeric-reference.ts';
import { total } from '../../domain/data/math/total.ts';
import {
  type ColumnProfile,
  type WindowProfile,
  WindowProfiler,
} from '../../domain/data/profile/window-profile.ts';
import { type Queryable } from '../postgres/sql-text.ts';
import { type ProfiledQuery, type QueryColumn } from './query-source.ts';

// Below this share of the range a value's place in it is 0: Postgres raises an error where a product underflows.
const MIN_UNIT = 1e-290;

/**
 * The profile that `streamProfile` gives: the same counts, minimum and maximum; sums differ in their last bits, as
 * Postgres adds in another order.
 *
 * @param client in a REPEATABLE READ transaction, so that all columns are of the same rows
 * @throws pg.DatabaseError where Postgres fails
 * @example await groupedProfile(client, await describeQuery(client, 'select * from february', reference), reference)
 */
export async function groupedProfile(
  client: Queryable,
  query: ProfiledQuery,
  reference: FeatureReference,
): Promise<WindowProfile> {
  // What the query lacks is said as for any window.
  const absent = new WindowProfiler(reference, query.columns).profile();
  const columns: ColumnProfile[] = [];
  for (const [index, known] of reference.columns.entries()) {
    const column = query.columns.find(({ name }) => name === known.name);
    columns.push(
      column?.kind === known.kind
        ? await countColumn(client, query.sql, column, known)
        : (absent.columns[index] as ColumnProfile),
    );
  }
  return { rows: await countRows(client, query.sql, columns), labels: { hits: 0, size: 0 }, columns };
}

/** Every column holds all rows; only where none was counted, Postgres has to. */
async function countRows(client: Queryable, sql: string, columns: readonly ColumnProfile[]): Promise<number> {
  for (const column of columns) {
    if (column.kind === 'numeric') return presentNumbers(column) + column.missing;
    if (column.kind === 'category') return total(column.counts) + unseenRows(column) + column.missing;
  }
  const { rows } = await client.query<{ rows: string | number }>(
    `select count(*) as rows from (${sql}\n) as profiled`,
  );
  return Number(rows[0]?.rows);
}

const countColumn = (
  client: Queryable,
  sql: string,
  column: QueryColumn,
  reference: ColumnReference,
): Promise<ColumnProfile> =>
  reference.kind === 'numeric'
    ? countNumbers(client, sql, column, reference)
    : countCategories(client, sql, column, reference);

interface BinRow {
  /** Null for missing values. */
  readonly bin: number | null;
  readonly rows: string | number;
  readonly sum: number | null;
  readonly least: number | null;
  readonly most: number | null;
  /** Which of `SIZES` its values have. */
  readonly size: keyof typeof SIZES;
  /** Finite values, and their moments times the size's factor. */
  readonly finite: string | number;
  readonly mean: number | null;
  readonly sd: number | null;
}

/** Postgres raises an error if a square overflows: values of these sizes are multiplied by a power of two. */
const SIZES = { tiny: 2 ** 600, plain: 1, huge: 2 ** -600 } as const;

/** From here on a value is huge, and below the inverse of it tiny. */
const HUGE = 1e100;

async function countNumbers(
  client: Queryable,
  sql: string,
  { value }: QueryColumn,
  { name, cuts, range }: NumericReference,
): Promise<ColumnProfile> {
  const { rows } = await client.query<BinRow>(
    // NaN equals itself in Postgres, and width_bucket gives how many of the cuts are at most the value.
    `select case when value <> 'NaN' then width_bucket(value, $1::float8[]) end as bin, size,
       count(*) as rows, sum(${unitSql(range)}) as sum, min(value) as least, max(value) as most,
       count(scaled) as finite, avg(scaled) as mean, stddev_pop(scaled) as sd
     from (
       select value, size,
         case when value in ('NaN', 'Infinity', '-Infinity') then null
           else value * case size ${cases(SIZES)} end end as scaled
       from (
         select value,
           case when abs(value) > ${float8(HUGE)} then 'huge'
             when value <> 0 and abs(value) < ${float8(1 / HUGE)} then 'tiny' else 'plain' end as size
         from (select ${value} as value from (${sql}\n) as profiled) as one
       ) as sized
     ) as scaled
     group by 1, 2`,
    [[...cuts]],
  );
  const counts = new Float64Array(cuts.length + 1);
  const sums = new Float64Array(cuts.length + 1);
  let [missing, minimum, maximum] = [0, Infinity, -Infinity];
  let moments: Moments = NO_MOMENTS;
  for (const row of rows) {
    const { bin, rows: inBin, sum, least, most } = row;
    if (bin === null) {
      missing += Number(inBin);
      continue;
    }
    counts[bin]! += Number(inBin);
    sums[bin]! += sum ?? 0;
    minimum = Math.min(minimum, least ?? Infinity);
    maximum = Math.max(maximum, most ?? -Infinity);
    moments = addMoments(moments, momentsOfRow(row));
  }
  return { kind: 'numeric', name, counts, sums, missing, minimum, maximum, moments };
}

const momentsOfRow = ({ size, finite, mean, sd }: BinRow): Moments => ({
  finite: Number(finite),
  mean: (mean ?? 0) / SIZES[size],
  sd: (sd ?? 0) / SIZES[size],
});

const float8 = (number: number): string => `'${number}'::float8`;

const cases = (values: Readonly<Record<string, number>>): string =>
  Object.entries(values)
    .map(([name, value]) => `when '${name}' then ${float8(value)}`)
    .join(' ');

/** `toUnits` in SQL, without a product that could over- or underflow. */
function unitSql(range: ClipRange | null): string {
  const { half, low, perUnit } = unitScale(range);
  if (range === null || perUnit === 0) return '0::float8';
  // Halving underflows for values about 0 alone; there they are 0 in a range that wide.
  const halved =
    half === 1 ? 'value' : `case when abs(value) < ${float8(MIN_UNIT)} then 0 else value / 2 end`;
  const above = `((${halved}) - ${float8(low)})`;
  return `case when value <= ${float8(range.low)} or value = 'NaN' then 0
    when value >= ${float8(range.high)} then 1
    when ${above} < ${float8(MIN_UNIT / perUnit)} then 0
    else least(1, ${above} * ${float8(perUnit)}) end`;
}

async function countCategories(
  client: Queryable,
  sql: string,
  { value }: QueryColumn,
  reference: CategoryReference,
): Promise<ColumnProfile> {
  const { rows } = await client.query<{ value: string | null; rows: string | number }>(
    // By bytes: some collations hold different texts for equal.
    `select ${value} collate "C" as value, count(*) as rows from (${sql}\n) as profiled group by 1`,
  );
  const present = rows.filter((row) => row.value !== null);
  return profileCounts(reference, {
    dictionary: present.map((row) => row.value as string),
    counts: Float64Array.from(present, (row) => Number(row.rows)),
    missing: Number(rows.find((row) => row.value === null)?.rows ?? 0),
  });
}
