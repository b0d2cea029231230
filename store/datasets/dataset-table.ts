// The rows of a window on their way into chunks.
import { isNumeric } from '../../domain/features/column.ts';
import { featuresOf, sourceColumnsOf } from '../../domain/features/define-model.ts';
import { type ModelDefinition } from '../../domain/features/definition.ts';
import { NO_LABEL } from '../../domain/features/frame.ts';
import { type DatasetColumn } from '../tables.ts';
import { type Chunk, CHUNK_ROWS, featurePart, PARTS } from './chunk.ts';
import {
  byteWriter,
  categoryWriter,
  type ColumnWriter,
  denseWriter,
  numericWriter,
  textWriter,
  timeWriter,
} from './column-writers.ts';

/** Sorts the fields of each joined row to their column writers. */
export class DatasetTable {
  readonly columns: readonly DatasetColumn[];
  rows = 0;
  labelledRows = 0;
  trainingRows = 0;
  holdoutRows = 0;
  readonly matched: number[];
  readonly hidden: number[];
  readonly #writers: readonly ColumnWriter[];
  // The join gives every source column; those that derived columns alone read are not kept.
  readonly #positions: readonly number[];
  readonly #sourceColumns: number;

  constructor(definition: ModelDefinition) {
    const features = featuresOf(definition);
    this.columns = features.map(({ name, spec }) =>
      isNumeric(spec) ? { name, kind: 'numeric' } : { name, kind: 'category', dictionary: [] },
    );
    const sources = sourceColumnsOf(definition);
    this.#sourceColumns = sources.length;
    this.#positions = features.map(({ name, view }) =>
      sources.findIndex((source) => source.name === name && source.view === view),
    );
    this.matched = definition.features.map(() => 0);
    this.hidden = definition.features.map(() => 0);
    this.#writers = [
      textWriter(PARTS.keys),
      denseWriter(PARTS.clusters),
      timeWriter(PARTS.times),
      byteWriter(PARTS.holdout, 0),
      byteWriter(PARTS.labels, NO_LABEL),
      ...this.columns.map(({ kind, dictionary }, position) =>
        kind === 'numeric'
          ? numericWriter(featurePart(position))
          : categoryWriter(featurePart(position), dictionary ?? []),
      ),
    ];
  }

  /** Whether every row so far has been taken, or makes a whole chunk that should be. */
  get atChunkEnd(): boolean {
    return this.rows % CHUNK_ROWS === 0;
  }

  push(row: readonly (string | null)[]): void {
    const [key, cluster, time, heldOut, label, ...rest] = row;
    const isHeldOut = heldOut === 't';
    const fixed = [key, cluster, time, isHeldOut ? '1' : '0', label];
    this.#writers.forEach((writer, at) =>
      writer.push((at < 5 ? fixed[at] : rest[this.#positions[at - 5] ?? 0]) ?? null),
    );
    this.rows += 1;
    if (label != null) this.labelledRows += 1;
    if (isHeldOut) this.holdoutRows += 1;
    else if (label != null) this.trainingRows += 1;
    for (let view = 0; view < this.matched.length; view += 1) {
      const at = this.#sourceColumns + 2 * view;
      if (rest[at] === 't') this.matched[view] = (this.matched[view] ?? 0) + 1;
      if (rest[at + 1] === 't') this.hidden[view] = (this.hidden[view] ?? 0) + 1;
    }
  }

  takeChunks(): Chunk[] {
    return this.#writers.map((writer) => writer.take());
  }
}
