// Counts the violations of a contract and keeps the first ones as examples.
import { type Example } from './check-result.ts';

/**
 * Maximum number of examples per contract, and maximum length of an example's value and key in characters. The limits
 * are low because many people read reports.
 */
const MAX_EXAMPLES = 5;
const MAX_VALUE_LENGTH = 60;
const MAX_KEY_LENGTH = 120;

const MICROSECONDS_PER_MILLISECOND = 1_000n;

/** Returns the key and time of a row of a piece; called only for the few rows that become examples. */
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
      value: value === null ? null : shorten(String(value), MAX_VALUE_LENGTH),
      key: shorten(names.key(row), MAX_KEY_LENGTH),
      at: instantText(names.time(row)),
    });
  }
}

/** Shortens a text to at most `limit` characters, the last of which is then an ellipsis. */
export function shorten(text: string, limit: number): string {
  if (text.length <= limit) return text;
  // Count characters, not UTF-16 units, because half an emoji cannot be stored as JSON.
  const characters = Array.from(text.slice(0, 2 * limit));
  return characters.length <= limit && text.length <= 2 * limit
    ? text
    : `${characters.slice(0, limit - 1).join('')}…`;
}

function instantText(microseconds: bigint): string {
  const instant = new Date(Number(microseconds / MICROSECONDS_PER_MILLISECOND));
  return Number.isNaN(instant.getTime()) ? `${microseconds} µs` : instant.toISOString();
}
