// The format in which joined rows are copied: the flags of a row and of its views are packed into a few integers.
import { isClusterEntity } from '../../domain/model/define-model.ts';
import { type ModelDefinition } from '../../domain/model/definition.ts';
import { sourceFieldsOf } from '../join/select-list.ts';
import { changed } from './chunk-digests.ts';
import { type Dataset } from '../registry/dataset.ts';
import { type PassingChunk } from './read-chunks.ts';

/** Bit positions of the flags ("marks") that every row has; the marks of the views follow. */
export const MARKS = { heldOut: 0, labelled: 1, positive: 2, assumed: 3, awaited: 4 } as const;

/** Bit positions of the marks of one view, relative to its first. */
export const VIEW_MARKS = { matched: 0, hidden: 1, backfilled: 2 } as const;

const OF_ROW = Object.keys(MARKS).length;
const PER_VIEW = Object.keys(VIEW_MARKS).length;
/** Number of marks in one `integer`; the sign bit stays unused. */
export const MARKS_PER_WORD = 30;

/** Returns the position of a view's mark. */
export const viewMark = (view: number, mark: keyof typeof VIEW_MARKS): number =>
  OF_ROW + PER_VIEW * view + VIEW_MARKS[mark];

/** Returns how many integers contain the marks of a row. */
export const markWordsOf = ({ features }: ModelDefinition): number =>
  Math.ceil((OF_ROW + PER_VIEW * features.length) / MARKS_PER_WORD);

/**
 * Returns the SQL that selects from the rows of `windowSql`, in this order: entity key; cluster key, unless each
 * entity is a cluster of its own; row time; `markWordsOf` integers; then the fields of the source columns; then, if views are
 * merged, the keys of the entity.
 *
 * A row has five marks of its own and three for each view. As separate fields, they would cost about as much to send
 * as to compute; as bits they cost little.
 *
 * @param statement a statement with the columns of `windowSql`
 * @param hasKeys whether views are merged
 * @example `copy (${packedRowsSql(definition, statement)}) to stdout (format binary)`
 */
export function packedRowsSql(definition: ModelDefinition, statement: string, hasKeys = false): string {
  const keys = hasKeys ? definition.entity.keys.map((_, key) => `key_${key}`) : [];
  const fields = sourceFieldsOf(definition).map((_, index) => `field_${index}`);
  const views = definition.features.map((_, view) => view);
  const columns = [
    'entity_key',
    'cluster_key',
    'row_time',
    'held_out',
    'label',
    ...fields,
    ...views.flatMap((view) => [`matched_${view}`, `hidden_${view}`]),
    ...views.map((view) => `backfilled_${view}`),
    'label_assumed',
    'label_awaited',
    ...keys,
  ];
  const marks = [
    'held_out',
    'label is not null',
    'label = 1',
    'label_assumed',
    'label_awaited',
    ...views.flatMap((view) => [`matched_${view}`, `hidden_${view}`, `backfilled_${view}`]),
  ];
  const selected = [
    'entity_key',
    ...(isClusterEntity(definition) ? [] : ['cluster_key']),
    'row_time',
    ...wordsSql(marks),
    ...fields,
    ...keys,
  ];
  return `select ${selected.join(', ')} from (${statement}) joined (${columns.join(', ')})`;
}

/** Returns one integer expression for each `MARKS_PER_WORD` conditions; a null condition counts as false. */
function wordsSql(conditions: readonly string[]): string[] {
  const words: string[] = [];
  for (let first = 0; first < conditions.length; first += MARKS_PER_WORD) {
    const bits = conditions
      .slice(first, first + MARKS_PER_WORD)
      .map((condition, bit) => `case when ${condition} then ${2 ** bit} else 0 end`);
    words.push(`(${bits.join(' + ')})`);
  }
  return words;
}

type Values = Float64Array | Uint32Array | Uint8Array | BigInt64Array;

type ValuesOf<T extends Values> = new (length: number) => T;

/** The fields of a dataset that are needed to read its columns. */
export type ReadableDataset = Pick<Dataset, 'id' | 'model' | 'rows' | 'chunkRows' | 'columns'>;

/** Collects one column. */
export class ColumnReader<T extends Values> {
  readonly values: T;
  readonly #dataset: ReadableDataset;
  /** The rows to keep, ascending; undefined for all. */
  readonly #rows: Uint32Array | undefined;
  readonly #type: ValuesOf<T>;

  constructor(type: ValuesOf<T>, dataset: ReadableDataset, rows?: Uint32Array) {
    this.#type = type;
    this.#dataset = dataset;
    this.#rows = rows;
    this.values = new type(rows ? rows.length : dataset.rows);
  }

  /** Takes a chunk. Chunks may arrive in any order. */
  take({ part, ordinal, bytes }: PassingChunk): void {
    const { rows, chunkRows } = this.#dataset;
    const first = ordinal * chunkRows;
    const count = Math.min(chunkRows, rows - first);
    const size = this.values.BYTES_PER_ELEMENT;
    if (bytes.length !== count * size) throw changed(this.#dataset, `${part}/${ordinal}`);
    if (!this.#rows) {
      new Uint8Array(this.values.buffer).set(bytes, first * size);
      return;
    }
    // Copies the bytes, because a typed array must begin at a multiple of its element size and the bytes may begin
    // anywhere.
    const chunk = new this.#type(count);
    new Uint8Array(chunk.buffer).set(bytes);
    this.#pick(this.#rows, chunk, first);
  }

  #pick(rows: Uint32Array, chunk: T, first: number): void {
    const { values } = this;
    for (let at = firstFrom(rows, first); at < rows.length; at += 1) {
      const row = (rows[at] as number) - first;
      if (row >= chunk.length) return;
      values[at] = chunk[row] as T[number];
    }
  }
}

/** Returns the position of the first number that is at least `bound` in an ascending array. */
function firstFrom(ascending: Uint32Array, bound: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ascending[middle] as number) < bound) low = middle + 1;
    else high = middle;
  }
  return low;
}
