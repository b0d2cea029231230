// Builds the input of the quality checks from frames.
import { freezeReference } from '../../../domain/data/profile/feature-reference.ts';
import { type Frame } from '../../../domain/data/frame.ts';
import { type Finding } from '../../../domain/quality/finding.ts';
import { findFaults } from '../../../domain/quality/find-faults.ts';
import { type WindowFacts } from '../../../domain/quality/window-facts.ts';
import { WindowSketch } from '../../../domain/quality/window-sketch.ts';
import { frameOf, type Values } from '../drift/frame-of.ts';

/** Columns of a frame by name. */
export type Columns = Readonly<Record<string, Values>>;

/** Sketches a frame in pieces of `pieceRows` rows. */
export function sketchOf(frame: Frame, pieceRows = 1_000): WindowSketch {
  const sketch = new WindowSketch(
    frame.features.map((column) =>
      column.kind === 'numeric'
        ? { name: column.name, kind: column.kind }
        : { name: column.name, kind: column.kind, dictionary: column.dictionary },
    ),
    () => 'usage',
  );
  for (let from = 0; from < frame.rows; from += pieceRows) {
    const end = Math.min(frame.rows, from + pieceRows);
    sketch.startPiece(end - from);
    for (const column of frame.features) {
      // Copy, because pieces from the store start at the beginning of their buffers.
      if (column.kind === 'numeric') sketch.addColumn({ ...column, values: column.values.slice(from, end) });
      else sketch.addColumn({ ...column, codes: column.codes.slice(from, end) });
    }
    sketch.endPiece();
  }
  return sketch;
}

/** Returns the facts of a window with this reference, by default without tables and without an earlier window. */
export function factsOf(
  reference: Frame | null,
  window: Frame,
  more: Partial<WindowFacts> = {},
): WindowFacts {
  const { rows, columns, repeats } = sketchOf(window);
  return {
    rows,
    columns,
    repeats,
    reference: reference && freezeReference(reference),
    definitionChanged: false,
    tables: [],
    previous: null,
    ...more,
  };
}

/** Runs all checks on a window, given the reference's columns and the window's. */
export const faults = (reference: Columns, window: Columns, more: Partial<WindowFacts> = {}): Finding[] =>
  findFaults(factsOf(frameOf(reference), frameOf(window), more));

/** Shortens findings to severity, name and column. */
export const inShort = (findings: readonly Finding[]): string[] =>
  findings.map(({ severity, name, column }) => `${severity} ${name} ${column ?? '-'}`);
