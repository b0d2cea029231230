// What is wrong with an import: at most 20 named places, and how many there are in all.
import { type Place, TidegateError } from '../../domain/errors.ts';

const MAX_PLACES = 20;
const MAX_CHARACTERS = 60;

interface OrderedPlace extends Place {
  /** Where in the file; what is wrong with all of it comes first. */
  readonly row: number;
}

/** Collects what is wrong with a file; memory stays the same however much that is. */
export class ImportProblems {
  #places: OrderedPlace[] = [];
  #count = 0;

  /** All that was added, the places beyond the first 20 included. */
  get count(): number {
    return this.#count;
  }

  /**
   * Adds a place, in the order of the file whenever it is found.
   *
   * @param row line or row of the file; 0 for the file as a whole
   * @example problems.add('users.csv:17 signup_date', '"2024-13-01" is not a date', 17)
   */
  add(at: string, problem: string, row = 0): void {
    this.#count += 1;
    if (this.#places.length === MAX_PLACES && row >= (this.#places.at(-1)?.row ?? 0)) return;
    const before = this.#places.findLastIndex((place) => place.row <= row);
    this.#places.splice(before + 1, 0, { at, problem, row });
    this.#places.length = Math.min(this.#places.length, MAX_PLACES);
  }

  /** Counts further problems that nobody will be shown. */
  addUnnamed(count: number): void {
    this.#count += count;
  }

  /** Adds what is wrong with the next file. */
  append(next: ImportProblems): void {
    this.#count += next.#count;
    this.#places = [...this.#places, ...next.#places].slice(0, MAX_PLACES);
  }

  /** The error that names the places and says how many more there are. */
  toError(cause?: unknown): TidegateError {
    const [first] = this.#places;
    const rest = this.#count - this.#places.length;
    const found = this.#count === 1 ? 'one problem' : `${this.#count} problems`;
    const unnamed = rest > 0 ? `; ${rest} more are not listed` : '';
    const places = this.#places.map(({ at, problem }) => ({ at, problem }));
    return new TidegateError(
      'IMPORT_REJECTED',
      `nothing was imported: ${found}, the first at ${first?.at}: ${first?.problem}${unnamed}`,
      { places, cause },
    );
  }
}

/** A value as a message shows it: quoted, control characters visible, cut after 60 characters. */
export function shown(value: string): string {
  const characters = [...value.slice(0, 2 * MAX_CHARACTERS + 1)];
  return JSON.stringify(
    characters.length > MAX_CHARACTERS ? `${characters.slice(0, MAX_CHARACTERS).join('')}…` : value,
  );
}
