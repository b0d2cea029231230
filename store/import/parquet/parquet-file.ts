// Decodes a Parquet file, one slice of a row group at a time.
import { type FileHandle, open } from 'node:fs/promises';
import {
  type AsyncBuffer,
  type DecodedArray,
  type FileMetaData,
  type ParquetScan,
  parquetMetadataAsync,
  parquetScan,
  parquetSchema,
} from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { type ImportTable } from '../rows/import-table.ts';
import { type Batch, type Cell, MalformedFile, type SourceRow } from '../rows/row-source.ts';
import { type CellText, cellTextFor, declaredType, descriptionParsers, rawParsers } from './cell-text.ts';

/** A column of the file. */
interface ParquetColumn {
  readonly name: string;
  readonly text: CellText;
  readonly type: string | undefined;
}

/** Number of values decoded at a time: about 30 MB, independent of the size of a row group. */
const SLICE_VALUES = 2_000_000;
const BATCH_ROWS = 4_096;

/** A file and the columns of the table that it fills. */
export interface ParquetInput {
  /** The name of the file in messages. */
  readonly name: string;
  readonly path: string;
  readonly columns: ImportTable['columns'];
}

/** A file whose metadata has been read. */
export interface ParquetFile {
  readonly header: readonly string[];
  /** Postgres types of the columns; undefined if the file does not declare the type. */
  readonly types: readonly (string | undefined)[];
  /** Reads the rows. @throws MalformedFile after the batches before the malformed place */
  batches(): AsyncGenerator<Batch, void>;
  close(): Promise<void>;
}

/**
 * Opens a Parquet file and reads its metadata. One compressed row group and one decoded slice of it are in memory. A
 * damaged file can make the decoder run endlessly; `openParquet` guards against that.
 *
 * @throws MalformedFile if it is not Parquet, or if a column has contents that a table column cannot have
 */
export async function openParquetFile({
  name,
  path,
  columns: tableColumns,
}: ParquetInput): Promise<ParquetFile> {
  const handle = await open(path);
  try {
    const { size } = await handle.stat();
    const buffer: AsyncBuffer = { byteLength: size, slice: (start, end = size) => slice(handle, start, end) };
    const metadata = await parquetMetadataAsync(buffer, {
      parsers: descriptionParsers,
      geoparquet: false,
    }).catch((error: unknown) => {
      throw new MalformedFile(name, `is not Parquet that can be read: ${messageOf(error)}`, error);
    });
    const columns = columnsOf(name, metadata, tableColumns);
    return {
      header: columns.map((column) => column.name),
      types: columns.map((column) => column.type),
      batches: () => parquetBatches(name, buffer, withRawDecimals(metadata), columns),
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function slice(handle: FileHandle, start: number, end: number): Promise<ArrayBuffer> {
  const bytes = new Uint8Array(end - start);
  let filled = 0;
  while (filled < bytes.length) {
    const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, start + filled);
    if (bytesRead === 0) throw new Error('the file ends too early');
    filled += bytesRead;
  }
  return bytes.buffer;
}

function columnsOf(
  file: string,
  metadata: FileMetaData,
  tableColumns: ImportTable['columns'],
): ParquetColumn[] {
  const refused: string[] = [];
  const columns = parquetSchema(metadata).children.map(({ element, children }) => {
    const { name } = element;
    const isNested = children.length > 0 || element.repetition_type === 'REPEATED';
    const columnType = tableColumns.find((column) => column.name === name)?.baseType;
    const text = isNested ? 'nested values' : cellTextFor(element, columnType);
    const type = declaredType(element);
    if (typeof text !== 'string') return { name, text, type };
    refused.push(`column ${JSON.stringify(name)} contains ${text}`);
    return { name, text: String, type };
  });
  if (refused.length > 0) {
    throw new MalformedFile(file, `${refused.join(', ')}; a table column has one value per row`);
  }
  return columns;
}

// The reader would convert decimals to floating-point numbers; without their type it leaves them as they are.
function withRawDecimals(metadata: FileMetaData): FileMetaData {
  const schema = metadata.schema.map((element) => {
    if (element.converted_type !== 'DECIMAL' && element.logical_type?.type !== 'DECIMAL') return element;
    const raw = { ...element };
    delete raw.converted_type;
    delete raw.logical_type;
    return raw;
  });
  return { ...metadata, schema };
}

async function* parquetBatches(
  file: string,
  buffer: AsyncBuffer,
  metadata: FileMetaData,
  columns: readonly ParquetColumn[],
): AsyncGenerator<Batch, void> {
  const step = Math.max(BATCH_ROWS, Math.floor(SLICE_VALUES / columns.length));
  const total = Number(metadata.num_rows);
  const scan = await parquetScan({ file: buffer, metadata, compressors, parsers: rawParsers, utf8: false });
  for (const { rowStart, rowEnd } of scan.ranges) {
    for (let start = rowStart; start < rowEnd; start += step) {
      const end = Math.min(rowEnd, start + step);
      const values = await readSlice(file, scan, columns, start, end);
      for (let first = start; first < end; first += BATCH_ROWS) {
        const last = Math.min(end, first + BATCH_ROWS);
        const rows: SourceRow[] = [];
        for (let row = first; row < last; row += 1) {
          const cells = columns.map((column, i) => cellOf(values[i]?.[row - start], column, file, row));
          rows.push({ at: row + 1, cells });
        }
        yield { rows, bytes: Math.floor((buffer.byteLength * last) / total) };
      }
    }
  }
}

async function readSlice(
  file: string,
  scan: ParquetScan,
  columns: readonly ParquetColumn[],
  rowStart: number,
  rowEnd: number,
): Promise<DecodedArray[]> {
  const slice: DecodedArray[] = [];
  for (const { name } of columns) {
    const at = `${file} row ${rowStart + 1} ${name}`;
    const values = await scan.readColumn({ column: name, rowStart, rowEnd }).catch((error: unknown) => {
      throw new MalformedFile(at, `the values from this row on cannot be read: ${messageOf(error)}`, error);
    });
    if (values.length !== rowEnd - rowStart) {
      throw new MalformedFile(
        at,
        `${rowEnd - rowStart} values are expected from here on, but there are ${values.length}`,
      );
    }
    slice.push(values);
  }
  return slice;
}

function cellOf(value: unknown, { name, text }: ParquetColumn, file: string, row: number): Cell {
  if (value === null) return null;
  try {
    // The reader returns undefined if a damaged page refers to a value that does not exist.
    if (value !== undefined) return text(value);
  } catch {
    // The bytes should be text but are not valid UTF-8.
  }
  throw new MalformedFile(
    `${file} row ${row + 1} ${name}`,
    'is damaged, or contains bytes that are not UTF-8 text',
  );
}

const messageOf = (error: unknown): string => (error as Error).message;
