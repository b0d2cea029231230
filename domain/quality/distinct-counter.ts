// Counts how often numbers repeat: exactly for all numbers if they fit in memory, otherwise for a sample of them.

const FIRST_SLOTS = 1_024;

// Shared buffers to read the bits of a number: low half first.
const number64 = new Float64Array(1);
const halves = new Uint32Array(number64.buffer);

/** How many numbers were counted, and how many of them repeat an earlier one. */
export interface Repeats {
  readonly values: number;
  readonly repeats: number;
}

/**
 * A hash table of numbers with their counts, at most half full. When it contains more distinct numbers than allowed, it
 * drops those whose hash has one more bit set, and ignores such numbers from then on (Gibbons 2001, distinct sampling).
 * Whether a number stays depends only on the number itself, so every number that stays has its exact count.
 *
 * @example
 * const counter = new DistinctCounter(1_000);
 * counter.add(7); // false
 * counter.add(7); // true: a repeat
 */
export class DistinctCounter {
  readonly #maxDistinct: number;
  #slots = FIRST_SLOTS;
  /** NaN marks a free slot. */
  #numbers = new Float64Array(FIRST_SLOTS).fill(NaN);
  #counts = new Uint32Array(FIRST_SLOTS);
  #distinct = 0;
  /** Numbers whose hash has any of these bits are ignored. */
  #ignoredBits = 0;

  /** @param maxDistinct a power of two from 512 */
  constructor(maxDistinct: number) {
    this.#maxDistinct = maxDistinct;
  }

  /** Counts a number other than NaN; returns whether it was counted before. −0 counts as 0. */
  add(value: number): boolean {
    // Adding 0 turns −0 into 0.
    const number = value + 0;
    const hash = hashOf(number);
    if ((hash & this.#ignoredBits) !== 0) return false;
    const slot = this.#slotOf(number, hash);
    const count = this.#counts[slot] as number;
    this.#counts[slot] = count + 1;
    if (count > 0) return true;
    this.#numbers[slot] = number;
    this.#distinct += 1;
    if (this.#distinct > this.#slots / 2) this.#grow();
    return false;
  }

  /** Whether all numbers were counted. */
  get isExact(): boolean {
    return this.#ignoredBits === 0;
  }

  /** Returns the counts over all numbers that are not ignored. */
  counted(): Repeats {
    let values = 0;
    for (const count of this.#counts) values += count;
    return { values, repeats: values - this.#distinct };
  }

  #slotOf(number: number, hash: number): number {
    const last = this.#slots - 1;
    // Use the high bits for the slot: the numbers that stay have the same low bits.
    let slot = (hash >>> 8) & last;
    for (;;) {
      const found = this.#numbers[slot] as number;
      if (found !== found || found === number) return slot;
      slot = (slot + 1) & last;
    }
  }

  #grow(): void {
    if (this.#distinct > this.#maxDistinct) this.#ignoredBits = (this.#ignoredBits << 1) | 1;
    else this.#slots *= 2;
    const numbers = this.#numbers;
    const counts = this.#counts;
    this.#numbers = new Float64Array(this.#slots).fill(NaN);
    this.#counts = new Uint32Array(this.#slots);
    this.#distinct = 0;
    for (let slot = 0; slot < numbers.length; slot++) {
      const number = numbers[slot] as number;
      if (number !== number) continue;
      const hash = hashOf(number);
      if ((hash & this.#ignoredBits) !== 0) continue;
      const place = this.#slotOf(number, hash);
      this.#numbers[place] = number;
      this.#counts[place] = counts[slot] as number;
      this.#distinct += 1;
    }
  }
}

/** Hashes the 64 bits of a number to 32; the last steps are those of MurmurHash3. */
function hashOf(number: number): number {
  number64[0] = number;
  let hash = Math.imul((halves[0] as number) ^ Math.imul(halves[1] as number, 0x9e37_79b1), 0x85eb_ca6b);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
  return hash ^ (hash >>> 16);
}
