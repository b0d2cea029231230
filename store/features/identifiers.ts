// Names of the user's tables and columns, quoted for SQL.
import pg from 'pg';

/** A column name for SQL text. @example quoteColumn('order') // "order" */
export const quoteColumn = (name: string): string => pg.escapeIdentifier(name);

/** A table name, with its schema where one is given. @example quoteTable('crm.users') // "crm"."users" */
export const quoteTable = (name: string): string => name.split('.').map(pg.escapeIdentifier).join('.');
