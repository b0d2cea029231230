// Text of SQL: quoted names, parameters written in as literals, and what runs a statement.
import pg from 'pg';

// Texts and names in quotes may hold what looks like a parameter. A quote within is doubled in all that we write.
const QUOTED_OR_PARAMETER = /'(?:[^']|'')*'|"(?:[^"]|"")*"|\$(\d+)/g;

/**
 * A statement with each `$n` replaced by the n-th text as a literal.
 *
 * @example inlineParameters(`select $1::date, '$1'`, ['2024-02-29']) // select '2024-02-29'::date, '$1'
 */
export const inlineParameters = (sql: string, texts: readonly string[]): string =>
  sql.replace(QUOTED_OR_PARAMETER, (found, parameter: string | undefined) => {
    if (parameter === undefined) return found;
    const text = texts[Number(parameter) - 1];
    if (text === undefined) throw new RangeError(`the statement has no text for $${parameter}`);
    return pg.escapeLiteral(text);
  });

/** A column name for SQL text. @example quoteColumn('order') // "order" */
export const quoteColumn = (name: string): string => pg.escapeIdentifier(name);

/** A table name, with its schema where one is given. @example quoteTable('crm.users') // "crm"."users" */
export const quoteTable = (name: string): string => name.split('.').map(pg.escapeIdentifier).join('.');

/** The pool or a connection of it. */
export interface Queryable {
  query<R extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<pg.QueryResult<R>>;
}
