// Counts how often numbers repeat, exactly for as many as fit, and exactly for a share of them beyond.

const FIRST_SLOTS = 1_024;

// The bits of a number: low word first.
const number64 = new Float64Array(1);
const words = new Uint32Array(number64.buffer);

/** How many numbers were counted, and how many of them repeat an earlier one. */
export interface Repeats {
  readonly values: number;
  readonly repeats: number;
}

/**
 * A hash table of numbers with their counts, at most half full. When it holds more distinct numbers than allowed, those
 * whose hash has another bit set are dropped, and from then on not taken (Gibbons 2001, distinct sampling): which
 * numbers stay depends on nothing but themselves, so each that stays has its exact count.
 *
 * @example
 * const counter = new DistinctCounter(1_000);
 * counter.add(7); // false
 * counter.add(7); // true: a repeat
 */
export class DistinctCounter {
  readonly #mostDistinct: number;
  #slots = FIRST_SLOTS;
  /** NaN where a slot is free. */
  #numbers = new Float64Array(FIRST_SLOTS).fill(NaN);
  #counts = new Uint32Array(FIRST_SLOTS);
  #distinct = 0;
  /** Only hashes without these bits are taken. */
  #refused = 0;

  /** @param maxDistinct a power of two from 512 */
  constructor(maxDistinct: number) {
    this.#mostDistinct = maxDistinct;
  }

  /** Counts a number, not NaN; says whether it was counted before. −0 is 0. */
  add(value: number): boolean {
    // Adding 0 turns −0 into 0: they are one value.
    const number = value + 0;
    const hash = hashOf(number);
    if ((hash & this.#refused) !== 0) return false;
    const slot = this.#slotOf(number, hash);
    const count = this.#counts[slot] as number;
    this.#counts[slot] = count + 1;
    if (count > 0) return true;
    this.#numbers[slot] = number;
    this.#distinct += 1;
    if (this.#distinct > this.#slots / 2) this.#grow();
    return false;
  }

  /** Whether every number was taken. */
  get isExact(): boolean {
    return this.#refused === 0;
  }

  /** What was counted of the numbers that are still taken. */
  counted(): Repeats {
    let values = 0;
    for (const count of this.#counts) values += count;
    return { values, repeats: values - this.#distinct };
  }

  #slotOf(number: number, hash: number): number {
    const last = this.#slots - 1;
    // The low bits say which numbers are dropped, so those that stay share them: the place comes from the high ones.
    let slot = (hash >>> 8) & last;
    for (;;) {
      const found = this.#numbers[slot] as number;
      if (found !== found || found === number) return slot;
      slot = (slot + 1) & last;
    }
  }

  #grow(): void {
    if (this.#distinct > this.#mostDistinct) this.#refused = (this.#refused << 1) | 1;
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
      if ((hash & this.#refused) !== 0) continue;
      const place = this.#slotOf(number, hash);
      this.#numbers[place] = number;
      this.#counts[place] = counts[slot] as number;
      this.#distinct += 1;
    }
  }
}

/** 32 well-mixed bits of a number's 64: the last steps are those of MurmurHash3. */
function hashOf(number: number): number {
  number64[0] = number;
  let hash = Math.imul((words[0] as number) ^ Math.imul(words[1] as number, 0x9e37_79b1), 0x85eb_ca6b);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
  return hash ^ (hash >>> 16);
}
