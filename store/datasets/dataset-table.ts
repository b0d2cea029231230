// Turns the joined rows of a window into columnar chunks.
import { isNumeric } from '../../domain/model/parts/column.ts';
import { featuresOf, isClusterEntity, sourceColumnsOf } from '../../domain/model/define-model.ts';
import { type ModelDefinition } from '../../domain/model/definition.ts';
import { NO_LABEL } from '../../domain/data/frame.ts';
import { type WireBytes } from '../postgres/copy-out.ts';
import { MICROS_TO_2000 } from '../join/merge/micros.ts';
import { type MergedView } from '../join/merge/merged-view.ts';
import { HIDDEN } from '../join/merge/view-rows.ts';
import { type SourceField, sourceFieldsOf } from '../join/select-list.ts';
import { type DatasetColumn } from '../postgres/tables.ts';
import { type Chunk, featurePart, PARTS } from './chunk.ts';
import {
  ByteWriter,
  CategoryWriter,
  NumericWriter,
  TextWriter,
  TimeWriter,
  TranslatedCodes,
} from './column-writers.ts';
import { ClusterWriter } from './trained-clusters.ts';
import { DerivedColumns, type SourceWriter } from './derived-columns.ts';
import { MARKS, MARKS_PER_WORD, markWordsOf, viewMark } from './packed-rows.ts';

// Header bytes before the elements of an array: field length, dimensions, flags, type, number of elements, first
// index.
const ARRAY_HEAD = 24;

/** The columns of a merged view, each with where its values go. */
interface MergedColumns {
  readonly view: MergedView;
  readonly columns: readonly (
    | { readonly values: Float64Array; readonly to: Float64Array }
    | { readonly from: TranslatedCodes; readonly writer: CategoryWriter }
  )[];
}

/** Passes the fields of each joined row, as `packedRowsSql` selects them, to their column writers. */
export class DatasetTable {
  readonly definition: ModelDefinition;
  readonly columns: readonly DatasetColumn[];
  /** Rows per chunk. */
  readonly chunkRows: number;
  rows = 0;
  labelledRows = 0;
  trainingRows = 0;
  holdoutRows = 0;
  /**
   * For each view, the number of rows with a matching feature row (`matched`), and of rows without one only because
   * it was not known in time (`hidden`).
   */
  readonly matched: number[];
  readonly hidden: number[];
  /** For each view, the number of rows that have a value only because of `knownSince`. */
  readonly backfilled: number[];
  /** Number of rows whose label is assumed to be negative, and of rows whose label is absent and not expected yet. */
  assumedLabels = 0;
  awaitedLabels = 0;
  readonly #keys: TextWriter;
  readonly #clusters: ClusterWriter;
  readonly #times: TimeWriter;
  readonly #holdout: ByteWriter;
  readonly #labels: ByteWriter;
  readonly #fields: readonly SourceField[];
  readonly #sources: readonly SourceWriter[];
  /**
   * The value arrays of the numeric source columns. Most columns are numeric, so `put` writes to these arrays
   * directly, without calling a column writer.
   */
  readonly #numbers: readonly (Float64Array | undefined)[];
  readonly #derived: DerivedColumns;
  /** The writer of each feature. */
  readonly #features: readonly Pick<ByteWriter, 'chunk'>[];
  /** The integers that contain the marks of the current row (`MARKS` and `VIEW_MARKS`). */
  readonly #words: Int32Array;
  #merged: readonly MergedColumns[] = [];
  #inChunk = 0;
  #ordinal = 0;

  constructor(definition: ModelDefinition, chunkRows: number) {
    this.definition = definition;
    this.chunkRows = chunkRows;
    this.#keys = new TextWriter(chunkRows);
    this.#clusters = new ClusterWriter(chunkRows, this.#keys, isClusterEntity(definition));
    this.#words = new Int32Array(markWordsOf(definition));
    this.#times = new TimeWriter(chunkRows);
    this.#holdout = new ByteWriter(chunkRows);
    this.#labels = new ByteWriter(chunkRows);
    const sources = sourceColumnsOf(definition);
    this.#sources = sources.map(({ spec }) =>
      isNumeric(spec) ? new NumericWriter(chunkRows) : new CategoryWriter(chunkRows),
    );
    this.#fields = fieldRuns(sourceFieldsOf(definition));
    this.#numbers = this.#sources.map((writer) =>
      writer instanceof NumericWriter ? writer.values : undefined,
    );
    this.#derived = new DerivedColumns(definition, this.#sources, chunkRows);
    const bySource = new Map(sources.map(({ name }, at) => [name, this.#sources[at]]));
    const written = featuresOf(definition).map(({ name, spec, view }) => {
      const writer = view === null ? this.#derived.columns.get(name) : bySource.get(name);
      if (!writer) throw new RangeError(`nothing writes the feature ${name}`);
      return { name, spec, writer };
    });
    this.#features = written.map(({ writer }) => writer);
    this.columns = written.map(({ name, spec, writer }) =>
      isNumeric(spec)
        ? { name, kind: 'numeric' }
        : { name, kind: 'category', dictionary: 'dictionary' in writer ? (writer.dictionary ?? []) : [] },
    );
    this.matched = definition.features.map(() => 0);
    this.hidden = definition.features.map(() => 0);
    this.backfilled = definition.features.map(() => 0);
  }

  /**
   * Whether the rows collected so far fill a whole number of chunks: either a chunk is full, or none has been begun.
   */
  get atChunkEnd(): boolean {
    return this.#inChunk === 0 || this.#inChunk === this.chunkRows;
  }

  /** Takes the values of some views from memory from now on; the rows then end with the keys of the entity. */
  merge(views: readonly MergedView[]): void {
    this.#merged = views.map((view) => ({
      view,
      columns: view.columns.map((column) => {
        const writer = this.#sources[column.position];
        if ('values' in column && writer instanceof NumericWriter)
          return { values: column.values, to: writer.values };
        if ('codes' in column && writer instanceof CategoryWriter)
          return { from: new TranslatedCodes(column.codes, column.known), writer };
        throw new RangeError(`the source column ${column.position} is not written as it was read`);
      }),
    }));
  }

  /** Reads the row at `start`. */
  put(wire: WireBytes, start: number): void {
    const { view } = wire;
    const row = this.#inChunk;
    let at = this.#putKeys(row, wire, start + 2);
    for (let word = 0; word < this.#words.length; word += 1) {
      this.#words[word] = view.getInt32(at + 4);
      at += 8;
    }
    for (const { isArray, positions } of this.#fields) {
      if (isArray) at += ARRAY_HEAD;
      for (const source of positions) {
        const length = view.getInt32(at);
        const numbers = this.#numbers[source];
        // Two separate assignments: with one conditional expression each number would be allocated as an object.
        if (numbers && length >= 0) numbers[row] = view.getFloat64(at + 4);
        else if (numbers) numbers[row] = NaN;
        else this.#sources[source]?.put(row, wire, at + 4, length);
        at += 4 + (length < 0 ? 0 : length);
      }
    }
    this.#putMarks(row);
    if (this.#merged.length > 0) this.#putMerged(row, wire, at);
    this.#inChunk += 1;
    this.rows += 1;
  }

  /** Returns the chunks of all parts for the rows since the last call. Their bytes are valid until the next `put`. */
  takeChunks(): Chunk[] {
    const rows = this.#inChunk;
    const ordinal = this.#ordinal;
    this.#derived.compute(this.#times.values, rows);
    this.#inChunk = 0;
    this.#ordinal += 1;
    return [
      this.#keys.chunk(PARTS.keys, ordinal, rows),
      this.#clusters.chunk(PARTS.clusters, ordinal, rows),
      this.#times.chunk(PARTS.times, ordinal, rows),
      this.#holdout.chunk(PARTS.holdout, ordinal, rows),
      this.#labels.chunk(PARTS.labels, ordinal, rows),
      ...this.#features.map((writer, position) => writer.chunk(featurePart(position), ordinal, rows)),
    ];
  }

  /** Reads the keys and the time; returns the offset of the next field. */
  #putKeys(row: number, wire: WireBytes, start: number): number {
    const { view } = wire;
    let at = start;
    const key = view.getInt32(at);
    // Must come first: it compares with the key of the previous row, which the next statement may overwrite.
    if (this.#clusters.isEntity) this.#clusters.putEntity(row, wire, at + 4, key);
    this.#keys.put(row, wire, at + 4, key);
    at += 4 + key;
    if (!this.#clusters.isEntity) {
      const cluster = view.getInt32(at);
      this.#clusters.put(row, wire, at + 4, cluster);
      at += 4 + cluster;
    }
    const time = view.getInt32(at);
    this.#times.put(row, wire, at + 4, time);
    return at + 4 + time;
  }

  /** @param at the offset of the entity's keys */
  #putMerged(row: number, wire: WireBytes, at: number): void {
    const time = Number(this.#times.values[row]) - MICROS_TO_2000;
    for (const { view, columns } of this.#merged) {
      const { index, rows } = view;
      const found = rows.find(view.entityAt(wire, at, true), time);
      if (found === HIDDEN) this.hidden[index] = (this.hidden[index] as number) + 1;
      if (found < 0) continue;
      this.matched[index] = (this.matched[index] as number) + 1;
      if (rows.isBackfilled) this.backfilled[index] = (this.backfilled[index] as number) + 1;
      for (const column of columns) {
        if ('values' in column) column.to[row] = column.values[found] as number;
        else column.writer.putFrom(row, column.from, found);
      }
    }
  }

  #putMarks(row: number): void {
    const isHeldOut = this.#isMarked(MARKS.heldOut);
    const isLabelled = this.#isMarked(MARKS.labelled);
    this.#holdout.values[row] = isHeldOut;
    this.#labels.values[row] = isLabelled === 1 ? this.#isMarked(MARKS.positive) : NO_LABEL;
    this.labelledRows += isLabelled;
    this.holdoutRows += isHeldOut;
    this.trainingRows += isLabelled & (1 - isHeldOut);
    this.assumedLabels += this.#isMarked(MARKS.assumed);
    this.awaitedLabels += this.#isMarked(MARKS.awaited);
    for (let view = 0; view < this.matched.length; view += 1) {
      this.matched[view] = (this.matched[view] as number) + this.#isMarked(viewMark(view, 'matched'));
      this.hidden[view] = (this.hidden[view] as number) + this.#isMarked(viewMark(view, 'hidden'));
      this.backfilled[view] =
        (this.backfilled[view] as number) + this.#isMarked(viewMark(view, 'backfilled'));
    }
  }

  /** Returns 1 if the current row has the mark, else 0. */
  #isMarked(mark: number): number {
    const word = this.#words[Math.trunc(mark / MARKS_PER_WORD)] as number;
    return (word >>> (mark % MARKS_PER_WORD)) & 1;
  }
}

/** Merges all fields that are not arrays into one group, which is read first. */
function fieldRuns(fields: readonly SourceField[]): SourceField[] {
  const plain = fields.filter(({ isArray }) => !isArray).flatMap(({ positions }) => positions);
  return [{ isArray: false, positions: plain }, ...fields.filter(({ isArray }) => isArray)];
}
