// Makes the ids of predictions.
import { randomBytes } from 'node:crypto';

/** Random bits of this process, as the last 12 digits of each of its ids. */
const PROCESS = randomBytes(6).toString('hex');

const MAX_COUNT = 0x100_0000;

let time = 0;
let timeDigits = '';
let count = randomBytes(3).readUIntBE(0, 3);

/**
 * Returns a new UUID of version 7: the time in milliseconds, a counter of this process, and 48 random bits of this process.
 * It is unique even if a process makes millions of ids in a millisecond. Ids of later times sort after those of earlier
 * ones.
 *
 * @param now milliseconds since 1970
 * @example newPredictionId(Date.now()) // '018e1b3c-7a2f-7000-8001-9f2b4c6d8e0a'
 */
export function newPredictionId(now: number): string {
  if (now !== time) {
    const digits = now.toString(16).padStart(12, '0');
    time = now;
    timeDigits = `${digits.slice(0, 8)}-${digits.slice(8)}-7`;
  }
  count = (count + 1) % MAX_COUNT;
  const counted = (MAX_COUNT + count).toString(16);
  return `${timeDigits}${counted.slice(1, 4)}-8${counted.slice(4)}-${PROCESS}`;
}
