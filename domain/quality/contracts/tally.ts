// What a contract found so far: how many rows break it, and the first of them.
import { type Example } from '../../model/parts/contract.ts';

/** Most examples of a contract, and most characters of a value and of a key in one: reports are read by many. */
const MAX_EXAMPLES = 5;
const VALUE_LENGTH = 60;
const KEY_LENGTH = 120;

const MICROSECONDS_PER_MILLISECOND = 1_000n;

/** Names the rows of a piece; asked only about the few that become examples. */
export interface RowNames {
  /** The entity key: a JSON array of texts. */
  readonly key: (row: number) => string;
  /** The row's time in microseconds since 1970 UTC. */
  readonly time: (row: number) => bigint;
}

/** Violations of one contract, counted over the pieces of a window. */
export class Tally {
  violations = 0;
  readonly examples: Example[] = [];

  /** Counts a row of a piece; the first few are kept with their key and time. */
  note(row: number, value: number | string | null, names: RowNames): void {
    this.violations += 1;
    if (this.examples.length >= MAX_EXAMPLES) return;
    this.examples.push({
      value: value === null ? null : cut(String(value), VALUE_LENGTH),
      key: cut(names.key(row), KEY_LENGTH),
      at: instantText(names.time(row)),
    });
  }
}

/** A text of at most so many characters; where it is longer, its end is an ellipsis. */
export function cut(text: string, most: number): string {
  if (text.length <= most) return text;
  // By characters, not by UTF-16 units: half an emoji is not storable as JSON.
  const characters = Array.from(text.slice(0, 2 * most));
  return characters.length <= most && text.length <= 2 * most
    ? text
    : `${characters.slice(0, most - 1).join('')}…`;
}

function instantText(microseconds: bigint): string {
  const instant = new Date(Number(microseconds / MICROSECONDS_PER_MILLISECOND));
  return Number.isNaN(instant.getTime()) ? `${microseconds} µs` : instant.toISOString();
}
