// What is wrong with an import: at most 20 named places, and how many there are in all.
import { type Place, TidegateError } from '../../domain/errors.ts';

const MOST_PLACES = 20;
const MOST_CHARACTERS = 60;

/** Collects what is wrong; memory stays the same however much that is. */
export class ImportProblems {
  readonly #places: Place[] = [];
  #count = 0;

  /** All that was added, the places beyond the first 20 included. */
  get count(): number {
    return this.#count;
  }

  /** @example problems.add('users.csv:17 signup_date', '"2024-13-01" is not a date') */
  add(at: string, problem: string): void {
    this.#count += 1;
    if (this.#places.length < MOST_PLACES) this.#places.push({ at, problem });
  }

  /** Counts further problems that nobody will be shown. */
  addUnnamed(count: number): void {
    this.#count += count;
  }

  /** The error that names the places and says how many more there are. */
  toError(folder: string, cause?: unknown): TidegateError {
    const [first] = this.#places;
    const rest = this.#count - this.#places.length;
    const found = this.#count === 1 ? 'one problem' : `${this.#count} problems`;
    const unnamed = rest > 0 ? `; ${rest} more are not listed` : '';
    return new TidegateError(
      'IMPORT_REJECTED',
      `${folder} was not imported: ${found}, the first at ${first?.at}: ${first?.problem}${unnamed}`,
      { places: this.#places, cause },
    );
  }
}

/** A value as a message shows it: quoted, control characters visible, cut after 60 characters. */
export function shown(value: string): string {
  const characters = [...value.slice(0, 2 * MOST_CHARACTERS + 1)];
  return JSON.stringify(
    characters.length > MOST_CHARACTERS ? `${characters.slice(0, MOST_CHARACTERS).join('')}…` : value,
  );
}
