// The oracles that lie beside the repository, where they are.
import { existsSync, readFileSync } from 'node:fs';
import { describe } from 'vitest';

const folder = new URL('../../../../shared/', import.meta.url);

/** Describes tests that need files of ../shared; skipped, and named so, where one is absent. */
export function describeWith(files: readonly string[], name: string, body: () => void): void {
  const absent = files.filter((file) => !existsSync(new URL(file, folder)));
  if (absent.length === 0) describe(name, body);
  else describe.skip(`${name} (skipped: ../shared/${absent.join(', ')} is absent)`, body);
}

/** The text of a file of ../shared. */
export const sharedText = (file: string): string => readFileSync(new URL(file, folder), 'utf8');

/** A JSON oracle; the strings NaN and ±Infinity stand for those numbers. */
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

/** |a − b| as a share of |b|; 0 where both are too small for a number to hold all its digits. */
export function relativeError(a: number, b: number): number {
  if (Math.abs(a) < 1e-300 && Math.abs(b) < 1e-300) return 0;
  return Math.abs(a - b) / Math.abs(b);
}
