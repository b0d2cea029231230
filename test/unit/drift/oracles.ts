// Reads expected results from ../shared, if that folder exists.
import { existsSync, readFileSync } from 'node:fs';
import { describe, it } from 'vitest';

const folder = new URL('../../../../shared/', import.meta.url);

/** Describes tests that need files of ../shared; skips them, and says why, if a file is absent. */
export function describeWith(files: readonly string[], name: string, body: () => void): void {
  const absent = files.filter((file) => !existsSync(new URL(file, folder)));
  if (absent.length === 0) describe(name, body);
  // Not `describe.skip`: it runs the body to find the tests in it, and the body reads the files.
  else it.skip(`${name} (skipped: ../shared/${absent.join(', ')} is absent)`, () => undefined);
}

/** Reads a text file of ../shared. */
export const sharedText = (file: string): string => readFileSync(new URL(file, folder), 'utf8');

/** Reads a JSON file of ../shared; the strings NaN and ±Infinity become those numbers. */
export function oracle<T>(file: string): T {
  const numbers = new Map([
    ['NaN', NaN],
    ['Infinity', Infinity],
    ['-Infinity', -Infinity],
  ]);
  return JSON.parse(sharedText(file), (_, value: unknown) =>
    typeof value === 'string' ? (numbers.get(value) ?? value) : value,
  ) as T;
}

/** Returns |a − b| / |b|; 0 if both are so small that doubles lose precision. */
export function relativeError(a: number, b: number): number {
  if (Math.abs(a) < 1e-300 && Math.abs(b) < 1e-300) return 0;
  return Math.abs(a - b) / Math.abs(b);
}
