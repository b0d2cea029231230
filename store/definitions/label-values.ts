// Checks the values of the label's column: which values it contains, and to which class each belongs.
import { type ModelDefinition } from '../../domain/model/definition.ts';
import { TidegateError } from '../../domain/errors.ts';
import { type Database, inTransaction } from '../postgres/database.ts';
import { quoteColumn, quoteTable } from '../postgres/sql-text.ts';
import { labelValueSql } from '../join/label-value-sql.ts';

/**
 * A value of the label's column as text, the number of its rows, and its class (1: positive, 0: negative, -1:
 * neither).
 */
interface LabelValue {
  readonly value: string;
  readonly rows: number;
  readonly means: 1 | 0 | -1;
  /** Number of distinct values of the same class. */
  readonly alike: number;
}

/** Describes how the label is read; `isWarning` if somebody should look at it. */
export interface LabelReading {
  readonly words: string;
  readonly isWarning: boolean;
}

/** Time limit for counting all labels; in a table that takes longer only the first rows are counted. */
const MAX_COUNT_MS = 15_000;
const SAMPLED_ROWS = 100_000;
const VALUES_PER_CLASS = 8;
const MAX_VALUE_LENGTH = 60;
const QUERY_CANCELED = '57014';

/**
 * Checks the values that the label's column contains now.
 *
 * @throws TidegateError LABEL_UNREADABLE if a value is neither positive nor negative, or if the value of
 *   `label.positive` never occurs while several others do; the message lists the values
 */
export async function readLabelValues(
  database: Database,
  { name, label }: ModelDefinition,
): Promise<LabelReading> {
  const { values, isSample } = await countValues(database, label);
  const column = `${label.table}.${label.column}`;
  const of = (means: number): LabelValue[] => values.filter((each) => each.means === means);
  const [positive, negative, unreadable] = [of(1), of(0), of(-1)];
  const seen = isSample ? ` in the first ${SAMPLED_ROWS} rows` : '';
  const refuse = (problem: string): TidegateError =>
    new TidegateError(
      'LABEL_UNREADABLE',
      `${name}: label.positive is ${JSON.stringify(label.positive)}, and ${problem}; ${column} contains ${listed(values)}${seen}`,
      { places: [{ at: 'label.positive', problem }] },
    );
  if (values.length === 0) {
    return {
      words: `${column} contains no label yet${seen}, so label.positive (${JSON.stringify(label.positive)}) could not be checked; run \`tidegate doctor\` when labels are loaded`,
      isWarning: false,
    };
  }
  if (unreadable.length > 0) throw refuse(`${listed(unreadable)} would be neither positive nor negative`);
  const isStated = typeof label.positive !== 'boolean';
  if (positive.length === 0 && isStated && !isSample && (negative[0]?.alike ?? 0) > 1)
    throw refuse('no row has this value');
  const words = `${column}: positive is ${listed(positive)}, negative is ${listed(negative)}${seen}`;
  if (positive.length > 0 && negative.length > 0) return { words, isWarning: false };
  return { words: `${words}: there is only one class, so no model can be trained yet`, isWarning: true };
}

/** Counts the most frequent values of each class. */
async function countValues(
  database: Database,
  { table, column, positive }: ModelDefinition['label'],
): Promise<{ values: LabelValue[]; isSample: boolean }> {
  const value = `source.${quoteColumn(column)}`;
  const count = (limit: string): Promise<LabelValue[]> =>
    inTransaction(
      database,
      async (client) => {
        await client.query(`set local statement_timeout = ${MAX_COUNT_MS}`);
        const { rows } = await client.query<LabelValue>(
          `select value, rows, means, alike from (
             select value, rows, means, count(*) over (partition by means)::int as alike,
                    row_number() over (partition by means order by rows desc, value collate "C") as place
             from (
               select left(value, ${MAX_VALUE_LENGTH}) as value, means, sum(rows)::float8 as rows from (
                 select ${value}::text as value, ${labelValueSql(positive, value)} as means, count(*) as rows
                 from (select ${quoteColumn(column)} from ${quoteTable(table)} ${limit}) source
                 where ${value} is not null
                 group by 1, 2
               ) counted group by 1, 2
             ) shortened
           ) ranked
           where place <= ${VALUES_PER_CLASS} order by rows desc, value collate "C"`,
        );
        return rows;
      },
      'read only',
    );
  try {
    return { values: await count(''), isSample: false };
  } catch (error) {
    if ((error as { code?: unknown }).code !== QUERY_CANCELED) throw error;
    return { values: await count(`limit ${SAMPLED_ROWS}`), isSample: true };
  }
}

/** @example "'yes' (120 rows), 'no' (4000 rows) and 3 more values" */
function listed(values: readonly LabelValue[]): string {
  if (values.length === 0) return 'none of its values';
  const shown = values.map(({ value, rows }) => `'${value}' (${rows} ${rows === 1 ? 'row' : 'rows'})`);
  const classes = new Map(values.map(({ means, alike }) => [means, alike]));
  const more = [...classes.values()].reduce((sum, alike) => sum + alike, 0) - values.length;
  return shown.join(', ') + (more > 0 ? ` and ${more} more values` : '');
}
