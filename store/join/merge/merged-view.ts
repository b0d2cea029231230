// One merged view: reads its rows once, with COPY, and gives the values that each entity row uses.
import type pg from 'pg';
import { isNumeric } from '../../../domain/model/parts/column.ts';
import { sourceColumnsOf } from '../../../domain/model/define-model.ts';
import { type ModelDefinition, type ViewDefinition } from '../../../domain/model/definition.ts';
import { durationOf, toMilliseconds } from '../../../domain/model/parts/duration.ts';
import { type Window } from '../../../domain/model/window.ts';
import { copyRows, type WireBytes } from '../../postgres/copy-out.ts';
import { quoteColumn, quoteTable } from '../../postgres/sql-text.ts';
import { ByteDictionary } from '../byte-dictionary.ts';
import { latestFirstSql } from '../reach-sql.ts';
import { instantValueSql, intervalSql } from '../usable-instant-sql.ts';
import { valueSql } from '../view-join-sql.ts';
import { type EntityNumbers, numbersFor } from './entity-numbers.ts';
import { type KeyForms, sourceKeysSql } from '../key-forms.ts';
import { instantText, microsAt, microsOfIso } from './micros.ts';
import { grownTo, type Tie, ViewRows } from './view-rows.ts';

/** A view that is to be merged. */
export interface ViewToMerge {
  readonly definition: ModelDefinition;
  /** Its position in the definition. */
  readonly index: number;
  readonly window: Window;
  readonly keys: KeyForms;
  /** About how many of its rows are in reach. */
  readonly expected: number;
}

/** The code of a category that is missing. */
const MISSING = 0xffffffff;

/** With more instants than this at which rows are tied, Postgres joins the view. */
const MAX_TIED_INSTANTS = 10_000;

/** The values of a numeric column by row, or the codes of a category and its distinct values. */
export type MergedColumn =
  | { readonly position: number; values: Float64Array }
  | { readonly position: number; codes: Uint32Array; readonly known: ByteDictionary };

/** A view whose rows are in memory. */
export class MergedView {
  /** Position of the view in the definition. */
  readonly index: number;
  /** Its columns, each with its position in `sourceColumnsOf`. */
  readonly columns: readonly MergedColumn[];
  readonly rows: ViewRows;
  /** For each key of the view, its position among the keys of the entity. */
  readonly keyPositions: readonly number[];
  readonly #view: ViewDefinition;
  readonly #toMerge: ViewToMerge;
  readonly #entities: EntityNumbers;
  /** The offsets of the fields of a key. */
  readonly #offsets: number[];

  constructor(toMerge: ViewToMerge) {
    const { definition, index, expected } = toMerge;
    this.#toMerge = toMerge;
    this.index = index;
    const view = definition.features[index] as ViewDefinition;
    this.#view = view;
    this.keyPositions = definition.entity.keys.flatMap((key, position) =>
      view.keys === undefined || view.keys[key] !== undefined ? [position] : [],
    );
    this.#offsets = this.keyPositions.map(() => 0);
    this.#entities = numbersFor(
      this.keyPositions.map((at) => toMerge.keys.get(definition.entity.keys[at] ?? '')),
    );
    // The planner's estimate is usually right within a few percent.
    const capacity = Math.max(1_024, Math.ceil(1.05 * expected));
    this.rows = new ViewRows(
      {
        ttl: view.ttl === undefined ? Infinity : microsOf(view.ttl),
        lag: view.known === undefined ? null : microsOf(view.lag ?? '0 hours'),
        knownSince: view.knownSince === undefined ? -Infinity : microsOfIso(view.knownSince),
      },
      capacity,
    );
    this.columns = sourceColumnsOf(definition).flatMap(({ spec, view: of }, position): MergedColumn[] => {
      if (of !== index) return [];
      return isNumeric(spec)
        ? [{ position, values: new Float64Array(capacity) }]
        : [{ position, codes: new Uint32Array(capacity), known: new ByteDictionary() }];
    });
  }

  /**
   * Reads all rows in reach of the window. Returns false if Node cannot tell which of some tied rows is used; then
   * Postgres has to join the view.
   */
  async read(client: pg.ClientBase): Promise<boolean> {
    await copyRows(client, `copy (${this.#selectSql('')}) to stdout (format binary)`, (wire, start) => {
      this.#add(wire, start);
    });
    const ties = this.rows.arrange(this.#entities.size, (row, other) => this.#isSame(row, other));
    if (ties === undefined || new Set(ties.map(({ at }) => at)).size > MAX_TIED_INSTANTS) return false;
    if (ties.length > 0) await this.#settle(client, ties);
    return true;
  }

  /**
   * Reads the keys of a row of the spine or of the view; returns the number of its entity, or −1 if it has no rows here.
   *
   * @param at the offset of the first key's field
   * @param isEvery whether the row has the fields of all keys of the entity, as the spine has
   */
  entityAt(wire: WireBytes, at: number, isEvery: boolean): number {
    return this.#entities.find(wire, this.#keyAt(wire, at, isEvery));
  }

  #keyAt(wire: WireBytes, at: number, isEvery: boolean): readonly number[] {
    let offset = at;
    let position = 0;
    for (let index = 0; index < this.keyPositions.length; index += 1) {
      const wanted = this.keyPositions[index] as number;
      for (; isEvery && position < wanted; position += 1) offset = afterField(wire, offset);
      this.#offsets[index] = offset;
      offset = afterField(wire, offset);
      position += 1;
    }
    return this.#offsets;
  }

  #add(wire: WireBytes, start: number): void {
    const entity = this.#entities.add(wire, this.#keyAt(wire, start + 2, false));
    if (entity < 0) return;
    const { at, known, after } = this.#instantsAt(wire, start + 2);
    this.#putValues(this.rows.add(entity, at, known), wire, after);
  }

  /** Reads the timestamp and `known` of a row of the view, whose fields come after its keys. */
  #instantsAt(wire: WireBytes, keysAt: number): { at: number; known: number; after: number } {
    const { view } = wire;
    let offset = keysAt;
    for (let key = 0; key < this.keyPositions.length; key += 1) offset = afterField(wire, offset);
    // A row without a timestamp is in reach of nothing.
    const at = view.getInt32(offset) < 0 ? Infinity : microsAt(view, offset + 4);
    offset = afterField(wire, offset);
    if (this.#view.known === undefined) return { at, known: 0, after: offset };
    const known = view.getInt32(offset) < 0 ? Infinity : microsAt(view, offset + 4);
    return { at, known, after: afterField(wire, offset) };
  }

  #putValues(row: number, wire: WireBytes, start: number): void {
    const { view, bytes } = wire;
    let at = start;
    for (const column of this.columns) {
      const length = view.getInt32(at);
      at += 4;
      if ('values' in column) {
        if (row === column.values.length) column.values = grownTo(column.values, 2 * row);
        column.values[row] = length < 0 ? NaN : view.getFloat64(at);
      } else {
        if (row === column.codes.length) column.codes = grownTo(column.codes, 2 * row);
        column.codes[row] = length < 0 ? MISSING : column.known.codeOf(bytes, at, length);
      }
      if (length > 0) at += length;
    }
  }

  #isSame(row: number, other: number): boolean {
    return this.columns.every((column) =>
      'values' in column
        ? Object.is(column.values[row], column.values[other])
        : column.codes[row] === column.codes[other],
    );
  }

  /** Reads the rows at the tied instants again, in the order in which they are used, and uses the first of each group. */
  async #settle(client: pg.ClientBase, ties: readonly Tie[]): Promise<void> {
    const open = new Map(ties.map((tie) => [`${tie.entity} ${tie.at} ${tie.known}`, tie]));
    const instants = [...new Set(ties.map(({ at }) => at))].map((at) => `'${instantText(at)}'`);
    const timestamp = `source.${quoteColumn(this.#view.timestamp)}`;
    const sql = `${this.#selectSql(`${timestamp} in (${instants.join(', ')})`)}
      order by ${latestFirstSql(this.#view, false)}`;
    await copyRows(client, `copy (${sql}) to stdout (format binary)`, (wire, start) => {
      const entity = this.entityAt(wire, start + 2, false);
      const { at, known, after } = this.#instantsAt(wire, start + 2);
      const name = `${entity} ${at} ${known}`;
      const tie = open.get(name);
      if (!tie) return;
      open.delete(name);
      // The row gets a number of its own after those that were read before.
      const row = this.rows.addSettled();
      this.#putValues(row, wire, after);
      this.rows.settle(tie, row);
    });
  }

  /** Selects keys, timestamp, `known` and the columns of the rows that some row of the window has in reach. */
  #selectSql(condition: string): string {
    const { definition, window, keys } = this.#toMerge;
    const view = this.#view;
    const timestamp = `source.${quoteColumn(view.timestamp)}`;
    const fields = [
      ...sourceKeysSql(definition, view, keys),
      `${timestamp}::timestamptz`,
      ...(view.known === undefined ? [] : [instantValueSql(`source.${quoteColumn(view.known)}`)]),
      ...Object.entries(view.columns).map(([name, spec]) => valueSql({ name, spec })),
    ];
    const conditions = [inReachOfWindowSql(view, window), ...(condition === '' ? [] : [condition])];
    return `select ${fields.join(', ')} from ${quoteTable(view.table)} source where ${conditions.join(' and ')}`;
  }
}

/**
 * Reads some views over a connection whose transaction also reads the spine. Returns undefined if Postgres has to join one of
 * them after all.
 */
export async function readMergedViews(
  client: pg.ClientBase,
  views: readonly ViewToMerge[],
): Promise<MergedView[] | undefined> {
  const read: MergedView[] = [];
  for (const each of views) {
    const view = new MergedView(each);
    if (!(await view.read(client))) return undefined;
    read.push(view);
  }
  return read;
}

/** A condition for the rows of `source` that at least one row of a window could have in reach. */
export function inReachOfWindowSql(view: ViewDefinition, { from, to }: Window): string {
  const timestamp = `source.${quoteColumn(view.timestamp)}`;
  const until = `${timestamp} <= '${to.toISOString()}'::timestamptz`;
  if (view.ttl === undefined) return until;
  return `${until} and ${timestamp} >= '${from.toISOString()}'::timestamptz - ${intervalSql(view.ttl)}`;
}

const microsOf = (duration: string): number => toMilliseconds(durationOf(duration)) * 1_000;

function afterField({ view }: WireBytes, at: number): number {
  const length = view.getInt32(at);
  return at + 4 + (length < 0 ? 0 : length);
}
