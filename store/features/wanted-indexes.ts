// The indexes that make the joins of a definition look-ups.
import { type ModelDefinition } from '../../domain/model/definition.ts';
import { quoteColumn, quoteTable } from './identifiers.ts';
import { viewKeys } from './keys-sql.ts';

/** An index that a join wants. */
export interface WantedIndex {
  readonly table: string;
  /** In the order in which an index must begin with them. */
  readonly columns: readonly string[];
  /** How many of them, at the end, are times: the timestamp, and when a row became known. */
  readonly times: number;
  /** What it is for, in a word or two. */
  readonly use: string;
}

/** The indexes that a definition wants: of the spine by time, of each view and of the label by keys and time. */
export function wantedIndexes(definition: ModelDefinition): WantedIndex[] {
  const { rows, features, label, entity } = definition;
  const wanted = [
    { table: rows.table, columns: [rows.timestamp], times: 1, use: 'the rows of a window' },
    ...features.map((view) => ({
      table: view.table,
      columns: [
        ...viewKeys(definition, view).map(({ column }) => column),
        view.timestamp,
        ...(view.known === undefined ? [] : [view.known]),
      ],
      times: view.known === undefined ? 1 : 2,
      use: 'the latest values of an entity',
    })),
    { table: label.table, columns: [...entity.keys, label.timestamp], times: 1, use: 'the label of a row' },
  ];
  const seen = new Set<string>();
  return wanted.filter(({ table, columns }) => {
    const name = JSON.stringify([table, columns]);
    return !seen.has(name) && seen.add(name);
  });
}

/** The statement that makes an index without locking writers out. */
export const createIndexSql = ({ table, columns }: WantedIndex): string =>
  `create index concurrently on ${quoteTable(table)} (${columns.map(quoteColumn).join(', ')})`;
