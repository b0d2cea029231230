// Reads a table for comparison into columns, and finds the kind of each.
import { type PandasType } from '../../domain/drift/evidently/sample.ts';
import { ColumnBuilder, type ColumnKind } from '../../domain/drift/tables/column-builder.ts';
import { type FeatureColumn } from '../../domain/data/frame.ts';
import { type TableSource, unreadable } from './table-source.ts';

/** Options for reading a table. */
export interface ReadTableOptions {
  /** Kinds of columns that the user names; the kinds of the others are found. */
  readonly kinds?: Readonly<Record<string, ColumnKind>>;
  /** Columns to leave out. */
  readonly ignore?: readonly string[];
  /** The column that identifies the entity of a row; it is not compared. */
  readonly key?: string | undefined;
}

/** A table in memory: 8 bytes per number, 4 per category. */
export interface ReadTable {
  readonly name: string;
  readonly rows: number;
  readonly features: readonly FeatureColumn[];
  /** Columns without a single value; their kind was chosen arbitrarily. */
  readonly empty: readonly string[];
  readonly types: Readonly<Record<string, PandasType>>;
  readonly entities: readonly string[] | undefined;
  /** What was assumed about the file, such as its encoding. */
  readonly assumed: string | undefined;
}

/**
 * Reads a table and closes its source.
 *
 * @throws TidegateError UNREADABLE_TABLE with the place: a column without a name or with the name of another, a
 *   missing key, a row of another length, a text in a numeric column
 */
export async function readTable(source: TableSource, options: ReadTableOptions = {}): Promise<ReadTable> {
  const { name, header, assumed, emptyIsMissing } = source;
  const { kinds = {}, ignore = [], key } = options;
  try {
    checkHeader(name, header, key);
    const keyAt = key === undefined ? -1 : header.indexOf(key);
    const builders = header.map((column, at) =>
      at === keyAt || ignore.includes(column) ? undefined : new ColumnBuilder(column, kinds[column]),
    );
    const entities: string[] = [];
    let rows = 0;
    for await (const batch of source.batches()) {
      for (const { at, cells } of batch.rows) {
        if (cells.length !== header.length)
          throw unreadable(source.place(at), `${cells.length} cells under ${header.length} columns`);
        builders.forEach((builder, position) => {
          const cell = cells[position] ?? null;
          if (builder && !builder.add(emptyIsMissing && cell === '' ? null : cell))
            throw unreadable(
              `${source.place(at)} ${header[position] as string}`,
              `${JSON.stringify(cell)} is not a number, but the column is numeric; name its type with --type ${header[position] as string}=category`,
            );
        });
        if (keyAt >= 0) entities.push(cells[keyAt] ?? '');
        rows += 1;
      }
    }
    const kept = builders.flatMap((builder, position) =>
      builder ? [{ name: header[position] as string, builder, column: builder.column() }] : [],
    );
    return {
      name,
      rows,
      features: kept.map(({ column }) => column),
      empty: kept.filter(({ builder }) => builder.isEmpty).map((one) => one.name),
      types: Object.fromEntries(kept.map(({ name: column, builder }) => [column, builder.pandasType])),
      entities: keyAt >= 0 ? entities : undefined,
      assumed,
    };
  } finally {
    await source.close();
  }
}

function checkHeader(name: string, header: readonly string[], key: string | undefined): void {
  const twice = header.find((column, at) => header.indexOf(column) !== at);
  if (twice !== undefined) throw unreadable(name, `two columns are named ${JSON.stringify(twice)}`);
  if (header.includes('')) throw unreadable(name, `column ${header.indexOf('') + 1} has no name`);
  if (key !== undefined && !header.includes(key)) throw unreadable(name, `the key column ${key} is missing`);
}
