// Builds the input of the quality checks from frames.
import { freezeReference } from '../../../domain/data/profile/feature-reference.ts';
import { type Frame } from '../../../domain/data/frame.ts';
import { parseDefinition, view } from '../../../domain/model/define-model.ts';
import { type ModelDefinition } from '../../../domain/model/definition.ts';
import { category, numeric } from '../../../domain/model/parts/column.ts';
import { type Finding } from '../../../domain/quality/check-result.ts';
import { findFaults } from '../../../domain/quality/judge-window.ts';
import { type WindowFacts } from '../../../domain/quality/window-facts.ts';
import { WindowPass } from '../../../domain/quality/window-pass.ts';
import { frameOf, type Values } from '../drift/frame-of.ts';

/** Columns of a frame by name. */
export type Columns = Readonly<Record<string, Values>>;

/** Declares the columns of a frame in the table `usage`, without contracts beyond their types. */
export const definitionOf = ({ features }: Frame): ModelDefinition =>
  parseDefinition({
    name: 'sample',
    entity: { name: 'user', keys: ['id'] },
    rows: { table: 'users', timestamp: 'at' },
    features: [
      view({
        table: 'usage',
        timestamp: 'at',
        columns: Object.fromEntries(
          features.map(({ name, kind }) => [name, kind === 'numeric' ? numeric() : category()]),
        ),
      }),
    ],
    label: { table: 'labels', column: 'gone', timestamp: 'at' },
    monitor: { every: '1 month', window: '1 month' },
    training: { trainer: 'logistic-regression', window: '1 month' },
    promotion: {},
  });

/** Counts a frame in pieces of `pieceRows` rows; by default with the definition of `definitionOf`. */
export function passOver(frame: Frame, definition = definitionOf(frame), pieceRows = 1_000): WindowPass {
  const pass = new WindowPass(definition, frame.features);
  for (let from = 0; from < frame.rows; from += pieceRows) {
    const end = Math.min(frame.rows, from + pieceRows);
    pass.startPiece(end - from, { key: (row) => `["${from + row}"]`, time: () => 0n });
    for (const column of frame.features) {
      // Copy, because pieces from the store start at the beginning of their buffers.
      if (column.kind === 'numeric') pass.addColumn({ ...column, values: column.values.slice(from, end) });
      else pass.addColumn({ ...column, codes: column.codes.slice(from, end) });
    }
    pass.endPiece();
  }
  return pass;
}

/** Returns the facts of a window with this reference, by default without tables and without an earlier window. */
export function factsOf(
  reference: Frame | null,
  window: Frame,
  more: Partial<WindowFacts> = {},
): WindowFacts {
  const { rows, columns, repeats } = passOver(window);
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
