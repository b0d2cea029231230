// Which columns of a query can be counted in the bins of a reference, and how they are selected.
import { type FeatureReference } from '../../domain/data/profile/feature-reference.ts';
import { type ColumnHead } from '../../domain/data/profile/window-profile.ts';
import { categorySql } from '../features/category-sql.ts';
import { quoteColumn } from '../features/identifiers.ts';
import { type Queryable } from '../queryable.ts';

/** A query whose answer is profiled; `refuseOther` has looked that it is one. */
export interface ProfiledQuery {
  readonly sql: string;
  /** Columns that the reference knows, each with its kind there or, where it is another, its own. */
  readonly columns: readonly QueryColumn[];
  /** Names of the columns that the reference does not know. */
  readonly others: readonly string[];
}

/** A column of the answer. */
export interface QueryColumn extends ColumnHead {
  /** Its value as float8 or text, for `select … from (query) as profiled`. */
  readonly value: string;
}

const BOOL = 16;
const FLOAT4 = 700;
const NUMBERS = new Set([20, 21, 23, FLOAT4, 701, 1700]);

/**
 * Looks at the types of a query's columns without running it. Whole numbers, floats and numerics are numbers, all else
 * is a category; a number that the reference knows as a category is one where `asCategories` names it.
 *
 * @throws pg.DatabaseError where Postgres refuses the query
 * @example await describeQuery(client, 'select * from january', reference)
 */
export async function describeQuery(
  client: Queryable,
  sql: string,
  reference: FeatureReference,
  asCategories: ReadonlySet<string> = new Set(),
): Promise<ProfiledQuery> {
  const { fields } = await client.query(`select * from (${sql}\n) as profiled limit 0`);
  const known = new Set(reference.columns.map(({ name }) => name));
  const columns = fields.flatMap(({ name, dataTypeID }): QueryColumn[] => {
    if (!known.has(name)) return [];
    const column = `profiled.${quoteColumn(name)}`;
    if (NUMBERS.has(dataTypeID) && !asCategories.has(name)) {
      // A float4 is meant as it is written: 0.1, and not the double next to it.
      const written = dataTypeID === FLOAT4 ? `${column}::text` : column;
      return [{ name, kind: 'numeric', value: `${written}::float8` }];
    }
    // As Postgres writes a boolean that is not cast.
    const value = dataTypeID === BOOL ? `left(${column}::text, 1)` : categorySql(`${column}::text`);
    return [{ name, kind: 'category', value }];
  });
  const others = fields.map(({ name }) => name).filter((name) => !known.has(name));
  return { sql, columns, others };
}
