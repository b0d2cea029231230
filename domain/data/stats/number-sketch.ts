// Summarises a numeric column in little memory: a histogram with logarithmic buckets, and the most frequent values.

const BUCKETS = 256;

const HASH_SHIFT = 24;

/** A value that may be frequent, with bounds of its number of rows. */
interface HeavyValue {
  readonly value: number;
  readonly least: number;
  readonly most: number;
}

/**
 * Distributes values over 256 buckets by a hash and keeps the majority value of each (Boyer & Moore 1981). A value is
 * found if it has more rows than all other values of its bucket together, which is the case for any value with a few
 * per cent of the rows of a column. Each row with the kept value adds a vote and any other row removes one, so the
 * votes are at most the value's number of rows, and lower by at most the other rows of the bucket.
 */
class HeavyValues {
  readonly #kept = new Float64Array(BUCKETS);
  readonly #votes = new Float64Array(BUCKETS);
  readonly #rows = new Float64Array(BUCKETS);

  /** Counts a number `weight` times; `low` and `high` are the two 32-bit words of its bits. */
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

  /** Returns the kept values with at least this many rows, the most frequent first. */
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

/** Exponent of the number of buckets between one power of two and the next: 2^5 = 32 buckets, each about 2 % wide. */
const PER_OCTAVE_BITS = 5;
const PER_OCTAVE = 2 ** PER_OCTAVE_BITS;
/** Up to this many rows, each is checked for frequent values; after that only every eighth, with weight eight. */
const ALL_ROWS = 65_536;
const STRIDE = 8;
/** Number of octaves: the combinations of sign and exponent that a double can have. */
const OCTAVES = 4_096;

/** A bucket with the values between `low` and `high`; the end nearer to zero is included. Zero has its own bucket, [0, 0]. */
export interface Bucket {
  readonly low: number;
  readonly high: number;
  readonly count: number;
}

const number64 = new Float64Array(1);
const words64 = new Uint32Array(number64.buffer);

/**
 * Counts finite numbers by sign, exponent and the first five bits of the mantissa, as DDSketch does, and finds the values
 * with a large share of the rows (beyond 65,536 rows, from every eighth row). Memory grows with the number of different
 * exponents and not with the rows: a few kilobytes.
 *
 * Source: Masson, Rim & Lee 2019 for the buckets.
 */
export class NumberSketch {
  missing = 0;
  infinite = 0;
  zeros = 0;
  /** Number of finite values, including zeros. */
  finite = 0;
  minimum = Infinity;
  maximum = -Infinity;
  /** Values other than 0 that may be frequent. */
  readonly heavy = new HeavyValues();
  /** For each octave, the position of its buckets plus one; 0 if no value of it has occurred. */
  readonly #places = new Uint16Array(OCTAVES);
  #octaves = 0;
  #counts = new Float64Array(16 * PER_OCTAVE);

  /** Counts values; NaN means that the value is missing. */
  add(values: Float64Array): void {
    const bits = new Uint32Array(values.buffer, values.byteOffset, 2 * values.length);
    const { heavy } = this;
    const weight = this.rows < ALL_ROWS ? 1 : STRIDE;
    let zeros = 0;
    let missing = 0;
    let { minimum, maximum } = this;
    for (let row = 0; row < values.length; row++) {
      const value = values[row] as number;
      if (value === 0) {
        zeros++;
        continue;
      }
      if (value !== value) {
        missing++;
        continue;
      }
      // The high word is the second one, because Tidegate runs only on little-endian machines.
      const high = bits[2 * row + 1] as number;
      const octave = high >>> 20;
      if ((octave & 0x7ff) === 0x7ff) {
        this.infinite++;
        continue;
      }
      if (value < minimum) minimum = value;
      if (value > maximum) maximum = value;
      let place = this.#places[octave] as number;
      if (place === 0) place = this.#open(octave);
      this.#counts[(place - 1) * PER_OCTAVE + ((high >>> (20 - PER_OCTAVE_BITS)) & (PER_OCTAVE - 1))]!++;
      this.finite++;
      if (row % weight === 0) heavy.add(value, bits[2 * row] as number, high, weight);
    }
    if (zeros > 0) {
      minimum = Math.min(minimum, 0);
      maximum = Math.max(maximum, 0);
    }
    this.minimum = minimum;
    this.maximum = maximum;
    this.zeros += zeros;
    this.finite += zeros;
    this.missing += missing;
  }

  /** Number of rows that were added. */
  get rows(): number {
    return this.finite + this.infinite + this.missing;
  }

  /** Returns the buckets that are not empty, in ascending order of their values. */
  buckets(): Bucket[] {
    const buckets: Bucket[] = [];
    for (let octave = OCTAVES - 1; octave >= OCTAVES / 2; octave--) this.#addOctave(octave, buckets);
    if (this.zeros > 0) buckets.push({ low: 0, high: 0, count: this.zeros });
    for (let octave = 0; octave < OCTAVES / 2; octave++) this.#addOctave(octave, buckets);
    return buckets;
  }

  #open(octave: number): number {
    this.#octaves += 1;
    const needed = this.#octaves * PER_OCTAVE;
    if (needed > this.#counts.length) {
      const counts = new Float64Array(2 * this.#counts.length);
      counts.set(this.#counts);
      this.#counts = counts;
    }
    this.#places[octave] = this.#octaves;
    return this.#octaves;
  }

  #addOctave(octave: number, buckets: Bucket[]): void {
    const place = this.#places[octave] as number;
    if (place === 0) return;
    const isNegative = octave >= OCTAVES / 2;
    const added: Bucket[] = [];
    for (let at = 0; at < PER_OCTAVE; at++) {
      const count = this.#counts[(place - 1) * PER_OCTAVE + at] as number;
      if (count === 0) continue;
      const edge = edgeOf(octave, at);
      const next = at + 1 < PER_OCTAVE ? edgeOf(octave, at + 1) : edgeOf(octave + 1, 0);
      added.push(isNegative ? { low: next, high: edge, count } : { low: edge, high: next, count });
    }
    buckets.push(...(isNegative ? added.reverse() : added));
  }
}

/** Returns the end of a bucket that is nearer to zero. */
function edgeOf(octave: number, at: number): number {
  words64[0] = 0;
  words64[1] = (octave << 20) | (at << (20 - PER_OCTAVE_BITS));
  return number64[0] as number;
}
