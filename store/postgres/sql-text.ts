// Builds SQL text: quoted names, and parameters replaced by literals.
import pg from 'pg';

// Quoted texts and names may contain something that looks like a parameter. Quotes inside them are always doubled here.
const QUOTED_OR_PARAMETER = /'(?:[^']|'')*'|"(?:[^"]|"")*"|\$(\d+)/g;

/**
 * Replaces each `$n` of a statement by the n-th text as a literal.
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

/** Quotes a column name. @example quoteColumn('order') // "order" */
export const quoteColumn = (name: string): string => pg.escapeIdentifier(name);

/** Quotes a table name, with its schema if it has one. @example quoteTable('crm.users') // "crm"."users" */
export const quoteTable = (name: string): string => name.split('.').map(pg.escapeIdentifier).join('.');

/** Anything that runs statements: the pool or one of its connections. */
export interface Queryable {
  query<R extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<pg.QueryResult<R>>;
}
