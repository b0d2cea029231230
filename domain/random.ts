// Seeded random numbers that are the same on every machine: sfc32, Chris Doty-Humphrey's generator (PractRand).

/**
 * One stream of random numbers. Streams with different seeds are independent of each other, so each part of a task can
 * have its own stream, and no part depends on how many numbers another part has drawn.
 *
 * @example new Random(7, 41, 0).normal()
 */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /** The seed is three whole numbers, each taken modulo 2^32. */
  constructor(a: number, b: number, c: number) {
    this.#a = a | 0;
    this.#b = b | 0;
    this.#c = c | 0;
    // The first numbers still resemble the seed, so they are discarded.
    for (let round = 0; round < 15; round += 1) this.uniform();
  }

  /** Draws a number in [0, 1), a multiple of 2^-32. */
  uniform(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  }

  /** Draws a whole number from 0 to `bound` - 1; `bound` is at most 2^32. */
  below(bound: number): number {
    return Math.floor(this.uniform() * bound);
  }

  /** Returns true with the given probability. */
  chance(probability: number): boolean {
    return this.uniform() < probability;
  }

  /** Draws one of the values, each with a probability equal to its weight; the weights add up to 1. */
  choose<T>(...weighted: readonly (readonly [value: T, weight: number])[]): T {
    let rest = this.uniform();
    for (const [value, weight] of weighted) {
      if (rest < weight) return value;
      rest -= weight;
    }
    return weighted[weighted.length - 1]![0];
  }

  /** Draws from the standard normal distribution by the method of Box and Muller. */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }

  /** Draws a Poisson count with the given mean by Knuth's product of uniforms; meant for means below 20. */
  poisson(mean: number): number {
    const bound = Math.exp(-mean);
    let count = 0;
    for (let product = this.uniform(); product > bound; product *= this.uniform()) count += 1;
    return count;
  }
}
