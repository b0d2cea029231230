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
  table: ImportTable,
  csv: CsvOptions,
): Promise<RowSource | undefined> {
  const expected = table.columns.map(({ name }) => name);
  return file.format === 'csv' ? openCsv(file, expected, csv) : openParquet(file, table);
}
