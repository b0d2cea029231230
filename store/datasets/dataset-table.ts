// The rows of a window on their way into chunks.
import { isNumeric } from '../../domain/features/column.ts';
import { featuresOf, isClusterEntity, sourceColumnsOf } from '../../domain/features/define-model.ts';
import { type ModelDefinition } from '../../domain/features/definition.ts';
import { NO_LABEL } from '../../domain/features/frame.ts';
import { type WireBytes } from '../copy-out.ts';
import { type SourceField, sourceFieldsOf } from '../features/select-list.ts';
import { type DatasetColumn } from '../tables.ts';
import { type Chunk, featurePart, PARTS } from './chunk.ts';
import { ByteWriter, CategoryWriter, NumericWriter, TextWriter, TimeWriter } from './column-writers.ts';
import { ClusterWriter } from './cluster-writer.ts';
import { DerivedColumns, type SourceWriter } from './derived-columns.ts';

const KEY = 0;
const CLUSTER = 1;
const TIME = 2;
const HELD_OUT = 3;
const LABEL = 4;
const FIRST_SOURCE = 5;

// Before the elements of an array: length of the field, dimensions, flags, type, number of elements, first index.
const ARRAY_HEAD = 24;

/** Sorts the fields of each joined row, as `windowSql` selects them, to their column writers. */
export class DatasetTable {
  readonly columns: readonly DatasetColumn[];
  /** Rows per chunk. */
  readonly chunkRows: number;
  rows = 0;
  labelledRows = 0;
  trainingRows = 0;
  holdoutRows = 0;
  /** For each view, how many rows found values, and from how many `known` alone keeps them. */
  readonly matched: number[];
  readonly hidden: number[];
  /** For each view, how many rows saw a value by `knownSince` alone. */
  readonly backfilled: number[];
  /** Labelled rows whose label is assumed, and rows without one that is not expected yet. */
  assumedLabels = 0;
  awaitedLabels = 0;
  readonly #keys: TextWriter;
  readonly #clusters: ClusterWriter;
  readonly #times: TimeWriter;
  readonly #holdout: ByteWriter;
  readonly #labels: ByteWriter;
  readonly #fields: readonly SourceField[];
  readonly #sources: readonly SourceWriter[];
  /** The values of the source columns that are numbers: most columns are, and they are written here. */
  readonly #numbers: readonly (Float64Array | undefined)[];
  readonly #derived: DerivedColumns;
  /** What each feature is written by. */
  readonly #features: readonly Pick<ByteWriter, 'chunk'>[];
  #inChunk = 0;
  #ordinal = 0;

  constructor(definition: ModelDefinition, chunkRows: number) {
    this.chunkRows = chunkRows;
    this.#keys = new TextWriter(chunkRows);
    this.#clusters = new ClusterWriter(chunkRows, this.#keys, isClusterEntity(definition));
    this.#times = new TimeWriter(chunkRows);
    this.#holdout = new ByteWriter(chunkRows, 0);
    this.#labels = new ByteWriter(chunkRows, NO_LABEL);
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

  /** Whether every row so far has been taken, or makes a whole chunk that should be. */
  get atChunkEnd(): boolean {
    return this.#inChunk === 0 || this.#inChunk === this.chunkRows;
  }

  /** Takes the row at `start`. */
  put(wire: WireBytes, start: number): void {
    const { view } = wire;
    const row = this.#inChunk;
    let at = start + 2;
    for (let field = 0; field < FIRST_SOURCE; field += 1) {
      const length = view.getInt32(at);
      this.#putFixed(field, row, wire, at + 4, length);
      at += 4 + (length < 0 ? 0 : length);
    }
    for (const { isArray, positions } of this.#fields) {
      if (isArray) at += ARRAY_HEAD;
      for (const source of positions) {
        const length = view.getInt32(at);
        const numbers = this.#numbers[source];
        if (numbers) numbers[row] = length < 0 ? NaN : view.getFloat64(at + 4);
        else this.#sources[source]?.put(row, wire, at + 4, length);
        at += 4 + (length < 0 ? 0 : length);
      }
    }
    this.#countReach(wire, at);
    this.#countRow(row);
    this.#inChunk += 1;
    this.rows += 1;
  }

  /** The chunks of the rows since the last call, of all parts. Their bytes are good until the next `put`. */
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

  #putFixed(field: number, row: number, wire: WireBytes, at: number, length: number): void {
    switch (field) {
      case KEY:
        // Told by the key of the row before, which the new one may overwrite.
        this.#clusters.seeKey(row, wire, at, length);
        return this.#keys.put(row, wire, at, length);
      case CLUSTER:
        return this.#clusters.put(row, wire, at, length);
      case TIME:
        return this.#times.put(row, wire, at, length);
      case HELD_OUT:
        return this.#holdout.put(row, wire, at, length);
      case LABEL:
        return this.#labels.put(row, wire, at, length);
    }
  }

  #countRow(row: number): void {
    const isLabelled = this.#labels.values[row] !== NO_LABEL;
    if (isLabelled) this.labelledRows += 1;
    if (this.#holdout.values[row] === 1) this.holdoutRows += 1;
    else if (isLabelled) this.trainingRows += 1;
  }

  #countReach(wire: WireBytes, from: number): void {
    let at = from;
    const next = (): number => {
      const length = wire.view.getInt32(at);
      at += 4;
      if (length < 0) return 0;
      at += length;
      return wire.bytes[at - length] as number;
    };
    for (let index = 0; index < this.matched.length; index += 1) {
      this.matched[index] = (this.matched[index] as number) + next();
      this.hidden[index] = (this.hidden[index] as number) + next();
    }
    for (let index = 0; index < this.backfilled.length; index += 1) {
      this.backfilled[index] = (this.backfilled[index] as number) + next();
    }
    this.assumedLabels += next();
    this.awaitedLabels += next();
  }
}

/** Fields of one column each are read in one run. */
function fieldRuns(fields: readonly SourceField[]): SourceField[] {
  const plain = fields.filter(({ isArray }) => !isArray).flatMap(({ positions }) => positions);
  return [{ isArray: false, positions: plain }, ...fields.filter(({ isArray }) => isArray)];
}
