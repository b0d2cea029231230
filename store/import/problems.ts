// Collects the problems of an import: at most 20 places, and the total number.
import { type Place, TidegateError } from '../../domain/errors.ts';

const MAX_PLACES = 20;
const MAX_CHARACTERS = 60;

interface OrderedPlace extends Place {
  /** Line or row in the file; 0 for the file as a whole. */
  readonly row: number;
}

/** Collects the problems of a file, in constant memory. */
export class ImportProblems {
  #places: OrderedPlace[] = [];
  #count = 0;

  /** Number of problems added, including those beyond the first 20 places. */
  get count(): number {
    return this.#count;
  }

  /**
   * Adds a problem. Problems are kept in the order of the file, in whatever order they are found.
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

  /** Counts further problems that are not listed. */
  addUnnamed(count: number): void {
    this.#count += count;
  }

  /** Adds the problems of the next file. */
  append(next: ImportProblems): void {
    this.#count += next.#count;
    this.#places = [...this.#places, ...next.#places].slice(0, MAX_PLACES);
  }

  /** Returns the error that lists the places and says how many more there are. */
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

/** Returns a value for a message: quoted, with control characters escaped, truncated after 60 characters. */
export function shown(value: string): string {
  const characters = [...value.slice(0, 2 * MAX_CHARACTERS + 1)];
  return JSON.stringify(
    characters.length > MAX_CHARACTERS ? `${characters.slice(0, MAX_CHARACTERS).join('')}…` : value,
  );
}
