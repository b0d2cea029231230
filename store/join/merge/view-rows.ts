// The rows of one view in memory, by entity and time, and which of them an entity row uses.
import { EARLIEST } from './micros.ts';

/** What decides which rows of a view can be used; instants and durations in microseconds. */
export interface ViewTimes {
  /** Maximum age of a row. */
  readonly ttl: number;
  /** How much later than the entity row a row may have become known; null if the view does not say when it did. */
  readonly lag: number | null;
  /** Rows that became known before this instant count as known; −Infinity if there is no such instant. */
  readonly knownSince: number;
}

/** The results of `find` that are not the number of a row. */
export const NONE = -1;
/** Rows are in reach, but none was known in time. */
export const HIDDEN = -2;

/** Rows that Postgres has to order, because they have the same entity, timestamp and `known` but different values. */
export interface Tie {
  readonly entity: number;
  readonly at: number;
  readonly known: number;
  /** Where the row that is used has to be put. */
  readonly place: number;
}

const BLOCK = 64;

/**
 * Collects the rows of a view in any order, then finds the row that an entity row uses: of those that are not later than
 * it, not older than the ttl and known in time, the one with the latest timestamp, then the latest `known`.
 */
export class ViewRows {
  /** Whether the row that `find` returned last counts as known only because of `knownSince`. */
  isBackfilled = false;
  readonly #times: ViewTimes;
  #size = 0;
  #entities = 0;
  #entityOf: Int32Array;
  #at: Float64Array;
  #known: Float64Array;
  /** After `arrange`: the number of the row at each place, and where the rows of each entity begin. */
  #rows: Int32Array = new Int32Array(0);
  #starts: Int32Array = new Int32Array(0);
  /** The earliest `known` in each block of places. */
  #earliest: Float64Array = new Float64Array(0);
  #lastEntity = -1;
  #lastTime = -Infinity;
  #lastPlace = 0;

  /** @param capacity about how many rows will be added */
  constructor(times: ViewTimes, capacity: number) {
    this.#times = times;
    this.#entityOf = new Int32Array(capacity);
    this.#at = new Float64Array(capacity);
    this.#known = new Float64Array(times.lag === null ? 0 : capacity);
  }

  /** Number of rows added. */
  get size(): number {
    return this.#size;
  }

  /** Adds a row and returns its number. @param known Infinity for a row that is not known yet */
  add(entity: number, at: number, known: number): number {
    const row = this.#size;
    if (row === this.#at.length) this.#grow();
    this.#entityOf[row] = entity;
    this.#at[row] = at;
    if (this.#times.lag !== null) this.#known[row] = known;
    this.#size += 1;
    return row;
  }

  /**
   * Orders the rows; call it once, after all have been added. Of rows with the same entity, timestamp and `known`, any can
   * end up last, which is the one that `find` returns.
   *
   * @param entities the number of entities
   * @param isSame whether two rows have the same values, so that it does not matter which of them is used
   * @returns the groups of rows of which that matters; undefined if Postgres tells instants of them apart that are the same
   *   here, because they are too early
   */
  arrange(entities: number, isSame: (row: number, other: number) => boolean): Tie[] | undefined {
    this.#entities = entities;
    this.#groupByEntity();
    this.#orderByTime();
    this.#earliest = this.#blocks();
    return this.#ties(isSame);
  }

  /** Returns the number for one more row, which only `settle` can put to use. */
  addSettled(): number {
    const row = this.#size;
    this.#size += 1;
    return row;
  }

  /** Uses another row for a group of rows that had to be ordered. */
  settle({ place }: Tie, row: number): void {
    this.#rows[place] = row;
  }

  /** Returns the number of the row that an entity row at a time uses, `NONE`, or `HIDDEN`. */
  find(entity: number, time: number): number {
    if (entity < 0) return NONE;
    const first = this.#starts[entity] as number;
    let place = this.#latest(entity, time);
    const oldest = time - this.#times.ttl;
    if (place < first || (this.#at[place] as number) < oldest) return NONE;
    const { lag, knownSince } = this.#times;
    this.isBackfilled = false;
    if (lag === null) return this.#rows[place] as number;
    const until = time + lag;
    while (place >= first && (this.#at[place] as number) >= oldest) {
      const known = this.#known[place] as number;
      if (known <= until || known < knownSince) {
        this.isBackfilled = known > until;
        return this.#rows[place] as number;
      }
      // Goes past a whole block of which no row was known, so that an entity with very many rows does not take forever.
      const block = place / BLOCK;
      const isBlockEnd = place % BLOCK === BLOCK - 1 && place - BLOCK >= first;
      const earliest = isBlockEnd ? (this.#earliest[Math.floor(block)] as number) : -Infinity;
      place -= isBlockEnd && earliest > until && earliest >= knownSince ? BLOCK : 1;
    }
    return HIDDEN;
  }

  /** Returns the place of the last row of the entity that is not later than a time; one before its first if there is none. */
  #latest(entity: number, time: number): number {
    const end = this.#starts[entity + 1] as number;
    // Entity rows usually come in the order of their times, so the search goes on from where it last ended.
    const goesOn = entity === this.#lastEntity && time >= this.#lastTime;
    let low = goesOn ? this.#lastPlace : (this.#starts[entity] as number) - 1;
    let step = 1;
    while (low + step < end && (this.#at[low + step] as number) <= time) {
      low += step;
      step *= 2;
    }
    let high = Math.min(end, low + step);
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if ((this.#at[middle] as number) <= time) low = middle;
      else high = middle;
    }
    this.#lastEntity = entity;
    this.#lastTime = time;
    this.#lastPlace = low;
    return low;
  }

  /** Sorts by entity, keeping the order in which the rows of each were added. */
  #groupByEntity(): void {
    const count = this.#entities;
    const starts = new Int32Array(count + 1);
    for (let row = 0; row < this.#size; row += 1) starts[(this.#entityOf[row] as number) + 1]! += 1;
    for (let entity = 0; entity < count; entity += 1) starts[entity + 1]! += starts[entity] as number;
    const next = starts.slice();
    const rows = new Int32Array(this.#size);
    for (let row = 0; row < this.#size; row += 1) {
      const entity = this.#entityOf[row] as number;
      rows[next[entity] as number] = row;
      next[entity]! += 1;
    }
    this.#starts = starts;
    this.#rows = rows;
    this.#entityOf = new Int32Array(0);
    this.#at = inOrder(this.#at, rows);
    if (this.#times.lag !== null) this.#known = inOrder(this.#known, rows);
  }

  #orderByTime(): void {
    for (let entity = 0; entity < this.#entities; entity += 1) {
      const [start, end] = [this.#starts[entity] as number, this.#starts[entity + 1] as number];
      for (let place = start + 1; place < end; place += 1) {
        if (this.#compare(place - 1, place) > 0) {
          this.#sort(start, end);
          break;
        }
      }
    }
  }

  #compare(place: number, other: number): number {
    const [at, otherAt] = [this.#at[place] as number, this.#at[other] as number];
    if (at !== otherAt) return at < otherAt ? -1 : 1;
    const [known, otherKnown] = [this.#known[place] as number, this.#known[other] as number];
    return known < otherKnown ? -1 : known > otherKnown ? 1 : 0;
  }

  #sort(start: number, end: number): void {
    const order = Int32Array.from({ length: end - start }, (_, index) => start + index);
    order.sort((place, other) => this.#compare(place, other));
    this.#rows.set(inOrder(this.#rows, order), start);
    this.#at.set(inOrder(this.#at, order), start);
    if (this.#times.lag !== null) this.#known.set(inOrder(this.#known, order), start);
  }

  #blocks(): Float64Array {
    const earliest = new Float64Array(this.#known.length === 0 ? 0 : Math.ceil(this.#size / BLOCK)).fill(
      Infinity,
    );
    for (let place = 0; place < this.#size && earliest.length > 0; place += 1) {
      const block = Math.floor(place / BLOCK);
      const known = this.#known[place] as number;
      if (known < (earliest[block] as number)) earliest[block] = known;
    }
    return earliest;
  }

  #ties(isSame: (row: number, other: number) => boolean): Tie[] | undefined {
    const ties: Tie[] = [];
    for (let entity = 0; entity < this.#entities; entity += 1) {
      const end = this.#starts[entity + 1] as number;
      let differs = false;
      for (let place = this.#starts[entity] as number; place < end; place += 1) {
        const isTied = place + 1 < end && this.#compare(place, place + 1) === 0;
        differs ||= isTied && !isSame(this.#rows[place] as number, this.#rows[place + 1] as number);
        if (isTied) continue;
        if (differs) {
          const [at, known] = [this.#at[place] as number, this.#known[place] ?? 0];
          if (at === EARLIEST || known === EARLIEST) return undefined;
          ties.push({ entity, at, known, place });
        }
        differs = false;
      }
    }
    return ties;
  }

  #grow(): void {
    const capacity = 2 * this.#at.length;
    this.#entityOf = grownTo(this.#entityOf, capacity);
    this.#at = grownTo(this.#at, capacity);
    if (this.#times.lag !== null) this.#known = grownTo(this.#known, capacity);
  }
}

type Numbers = Int32Array | Float64Array | Uint32Array;

const emptyLike = <T extends Numbers>(values: T, length: number): T =>
  new (values.constructor as new (length: number) => T)(length);

/** Returns the values at some positions, in the order of the positions. */
function inOrder<T extends Numbers>(values: T, positions: Int32Array): T {
  const ordered = emptyLike(values, positions.length);
  for (let index = 0; index < positions.length; index += 1)
    ordered[index] = values[positions[index] as number] as number;
  return ordered;
}

/** Returns a longer array that begins with the same values. */
export function grownTo<T extends Numbers>(values: T, length: number): T {
  const grown = emptyLike(values, length);
  grown.set(values);
  return grown;
}
