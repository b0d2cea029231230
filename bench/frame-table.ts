// Writes a frame to a plain table, for benches of code that reads tables.
import { type Frame } from '../domain/data/frame.ts';
import { type Database, inTransaction } from '../store/postgres/database.ts';
import { CopyIn } from '../store/postgres/copy-in.ts';

const BATCH_ROWS = 10_000;

/** Creates a table of a frame's features: float8 and text. Names and values must not need quoting. */
export async function frameTable(
  database: Database,
  table: string,
  { rows, features }: Frame,
): Promise<void> {
  const columns = features.map(({ name, kind }) => `${name} ${kind === 'numeric' ? 'float8' : 'text'}`);
  await database.pool.query(`create table ${table} (${columns.join(', ')})`);
  await inTransaction(database, async (client) => {
    const copy = await CopyIn.open(client, `copy ${table} from stdin`);
    for (let from = 0; from < rows; from += BATCH_ROWS) {
      const lines: string[] = [];
      for (let row = from; row < Math.min(rows, from + BATCH_ROWS); row += 1) {
        const cells = features.map((column) =>
          column.kind === 'numeric' ? column.values[row] : column.dictionary[column.codes[row] as number],
        );
        lines.push(`${cells.join('\t')}\n`);
      }
      await copy.write(Buffer.from(lines.join('')));
    }
    await copy.end();
  });
  await database.pool.query(`vacuum analyze ${table}`);
}
