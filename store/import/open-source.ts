// Opens a file of an import, in whichever format it is.
import { type CsvOptions, openCsv } from './csv/csv-source.ts';
import { type ImportTable } from './import-table.ts';
import { openParquet } from './parquet/parquet-source.ts';
import { type RowSource } from './row-source.ts';
import { type SourceFile } from './source-files.ts';

/**
 * Opens a file and reads its header.
 *
 * @param csv how the CSV files are written, as far as it is named
 * @returns nothing for a file without a header
 * @throws MalformedFile where it is not what its name says
 */
export function openSource(
  file: SourceFile,
  table: Pick<ImportTable, 'columns'>,
  csv: CsvOptions,
): Promise<RowSource | undefined> {
  const columns = table.columns.map((column) => ({ ...column, name: column.header ?? column.name }));
  if (file.format === 'parquet') return openParquet(file, { columns });
  return openCsv(
    file,
    columns.map(({ name }) => name),
    csv,
  );
}
