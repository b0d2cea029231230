// Which values take a large share of a column, in little memory and one pass.

const BUCKETS = 256;
const HASH_SHIFT = 24;

/** A value that may be heavy, with bounds of its number of rows. */
export interface HeavyValue {
  readonly value: number;
  readonly least: number;
  readonly most: number;
}

/**
 * Spreads values over 256 buckets by a hash and keeps the majority of each (Boyer & Moore 1981): a value that has more
 * rows than all others of its bucket together is found, which any is that takes some per cent of a column. A vote for
 * the kept value counts up, any other down, so the count is at most the value's rows, and falls short of them by at
 * most the other rows of the bucket.
 */
export class HeavyValues {
  readonly #kept = new Float64Array(BUCKETS);
  readonly #votes = new Float64Array(BUCKETS);
  readonly #rows = new Float64Array(BUCKETS);

  /** Counts a number by its value and the two words of its bits, as often as its weight says. */
  add(value: number, low: number, high: number, weight: number): void {
    const bucket = Math.imul(low ^ Math.imul(high, 0x85eb_ca6b), 0x9e37_79b1) >>> HASH_SHIFT;
    this.#rows[bucket]! += weight;
    const votes = this.#votes[bucket] as number;
    if (this.#kept[bucket] === value) this.#votes[bucket] = votes + weight;
    else if (votes < weight) {
      this.#kept[bucket] = value;
      this.#votes[bucket] = weight - votes;
    } else this.#votes[bucket] = votes - weight;
  }

  /** The kept values of at least so many rows, the heaviest first. */
  atLeast(rows: number): HeavyValue[] {
    const heavy: HeavyValue[] = [];
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      const least = this.#votes[bucket] as number;
      if (least === 0 || least < rows) continue;
      const most = Math.floor(((this.#rows[bucket] as number) + least) / 2);
      heavy.push({ value: this.#kept[bucket] as number, least, most });
    }
    return heavy.sort((a, b) => b.least - a.least || a.value - b.value);
  }
}
