// Computes the share of lattice paths that leave a band around the diagonal, for the exact two-sample KS test.
import { logBinomial } from './special-functions.ts';

// Probabilities are multiplied by this factor, so that none that matters underflows.
const SCALE = 1e300;
const LOG_SCALE = Math.log(SCALE);
// Contributions below these shares of the result are left out.
const IRRELEVANT = 1e-45;
const NEGLIGIBLE = 1e-18;
const NEAR = 4;

/** A lattice of m steps to the right and n steps up, and the band |x·n − y·m| / g < h around its diagonal. */
interface Band {
  readonly m: number;
  readonly n: number;
  /** By how much a step to the right changes the distance from the diagonal: n/g. */
  readonly stepX: number;
  /** By how much a step up changes the distance from the diagonal: m/g. */
  readonly stepY: number;
  readonly h: number;
}

/**
 * Returns the share of paths of unit steps from (0, 0) to (m, n) that reach |x·n − y·m| / g ≥ h, where g is the greatest
 * common divisor of m and n; h ≥ 1.
 *
 * In a random walk that goes right with probability m/(m + n) and up otherwise, all paths to a cell are equally probable,
 * so shares of paths are probabilities. They are computed from one antidiagonal x + y = d to the next, where cells do not
 * depend on each other, and only up to the middle: a path from there to the end is a path from the start rotated by 180°.
 * All sums have only positive terms, so nothing cancels. Takes h·g additions in total.
 *
 * Source: Hodges 1958 for the recursion.
 *
 * @example shareLeavingBand(10, 8, 2, 20); // 0.1659582
 */
export function shareLeavingBand(m: number, n: number, g: number, h: number): number {
  const band: Band = { m, n, stepX: n / g, stepY: m / g, h };
  const middle = Math.floor((m + n) / 2);
  const walk = new Walk(band);
  while (walk.step + 1 < middle) walk.advanceTwice();
  if (walk.step < middle) walk.advance();
  const there = walk.left.slice();
  const { low, high } = walk;
  if (m + n - middle > middle) walk.advance();
  const back = walk.left;

  const peak = Math.min(m, Math.round((middle * m) / (m + n)));
  const most = logBinomial(middle, peak) + logBinomial(m + n - middle, m - peak);
  let leaving = 0;
  let all = 0;
  const count = (x: number): boolean => {
    const [waysHere, waysOn] = [logBinomial(middle, x), logBinomial(m + n - middle, m - x)];
    const share = Math.exp(waysHere + waysOn - most);
    all += share;
    if (x < low || x > high) {
      leaving += share;
      return share > NEGLIGIBLE * leaving;
    }
    // The path left the band before this cell, or else after it.
    const before = (there[x] as number) / walk.chance(waysHere, x, middle - x);
    const after = (back[m - x] as number) / walk.chance(waysOn, m - x, n - middle + x);
    leaving += share * (before + (1 - before) * after);
    return true;
  };
  for (let x = peak; x <= Math.min(middle, m) && count(x); x++);
  for (let x = peak - 1; x >= Math.max(0, middle - n) && count(x); x--);
  return leaving / all;
}

/**
 * The random walk, at one antidiagonal at a time. In wide bands, only cells near the two edges have a probability that
 * matters; these two rims are updated, and the cells between them are zero.
 */
class Walk {
  step = 0;
  /** The first and last x of the cells inside the band; there are none if the last is smaller than the first. */
  low = 0;
  high = 0;
  /**
   * For each cell inside, by x: the probability, times `SCALE`, that the walk is at the cell and left the band at an
   * earlier step.
   */
  readonly left: Float64Array;
  readonly #band: Band;
  readonly #right: number;
  readonly #up: number;
  readonly #logRight: number;
  readonly #logUp: number;
  readonly #least: number;
  readonly #below: Outside;
  readonly #above: Outside;
  /** The last cell of the lower rim, and the first of the upper. */
  #lowerEnd = -1;
  #upperStart = 1;

  constructor(band: Band) {
    const { m, n, stepX, h } = band;
    this.#band = band;
    this.#right = m / (m + n);
    this.#up = n / (m + n);
    this.#logRight = Math.log(this.#right);
    this.#logUp = Math.log(this.#up);
    // The result is about exp(−2 d² mn / (m + n)); a cell with a much smaller probability does not change it.
    const d = h / (stepX * m);
    this.#least = SCALE * IRRELEVANT * Math.exp((-2 * d * d * m * n) / (m + n));
    this.left = new Float64Array(m + 2);
    this.#below = new Outside(this, this.#right, this.#up, this.#least);
    this.#above = new Outside(this, this.#right, this.#up, this.#least);
  }

  /** Returns the probability, times `SCALE`, to be at (x, y), given the logarithm of the number of paths to it. */
  chance(logPaths: number, x: number, y: number): number {
    return Math.exp(logPaths + x * this.#logRight + y * this.#logUp + LOG_SCALE);
  }

  /** Moves to the next antidiagonal. */
  advance(): void {
    const { left, step } = this;
    const lowBefore = this.low;
    const highBefore = this.high;
    this.#enclose(step + 1);
    const { low, high } = this;
    // A path at a cell just outside the band has left it, however it got there.
    const outside = low === lowBefore ? this.#below.at(step, low - 1) : (left[low - 1] as number);
    if (high > highBefore) left[high] = this.#above.at(step, high);
    const lowerEnd = Math.min(this.#lowerEnd + 1, high);
    const upperStart = Math.max(this.#upperStart, low);
    if (lowerEnd + 1 >= upperStart) {
      this.#carry(low, high, outside);
    } else {
      this.#carry(upperStart, high, 0);
      this.#carry(low, lowerEnd, outside);
    }
    this.#lowerEnd = lowerEnd;
    this.#upperStart = upperStart;
    this.step = step + 1;
    this.#narrow();
  }

  /** Removes cells from the rims whose probability is too small to matter. */
  #narrow(): void {
    const { left, low, high } = this;
    while (this.#lowerEnd >= low && (left[this.#lowerEnd] as number) < this.#least)
      left[this.#lowerEnd--] = 0;
    while (this.#upperStart <= high && (left[this.#upperStart] as number) < this.#least) {
      left[this.#upperStart++] = 0;
    }
  }

  /** Finds the cells of antidiagonal d that are inside the band and the lattice. */
  #enclose(d: number): void {
    const { m, n, stepX, stepY, h } = this.#band;
    const low = Math.floor((d * stepY - h) / (stepX + stepY)) + 1;
    const high = Math.ceil((d * stepY + h) / (stepX + stepY)) - 1;
    this.low = Math.max(low, d - n, 0);
    this.high = Math.min(high, d, m);
  }

  /** Moves two antidiagonals in one pass, which halves the memory accesses. */
  advanceTwice(): void {
    const { left, step } = this;
    const lowBefore = this.low;
    const highBefore = this.high;
    this.#enclose(step + 1);
    const lowBetween = this.low;
    const highBetween = this.high;
    const isWhole = this.#lowerEnd + 1 >= this.#upperStart && highBetween - lowBetween >= 4;
    if (!isWhole) {
      this.low = lowBefore;
      this.high = highBefore;
      this.advance();
      this.advance();
      return;
    }
    this.#enclose(step + 2);
    const { low, high } = this;
    const right = this.#right;
    const up = this.#up;
    const outside =
      lowBetween === lowBefore ? this.#below.at(step, lowBetween - 1) : (left[lowBetween - 1] as number);
    if (highBetween > highBefore) left[highBetween] = this.#above.at(step, highBetween);
    // The outermost cells of the antidiagonal in between.
    const firstBetween = outside * right + (left[lowBetween] as number) * up;
    const outsideBetween = low === lowBetween ? this.#below.at(step + 1, low - 1) : 0;
    if (high > highBetween) {
      const lastBetween = (left[highBetween - 1] as number) * right + (left[highBetween] as number) * up;
      left[high] = lastBetween * right + this.#above.at(step + 1, high) * up;
    }
    const [both, mixed, none] = [right * right, 2 * right * up, up * up];
    let here = left[highBetween] as number;
    let previous = left[highBetween - 1] as number;
    for (let x = highBetween; x > lowBetween + 1; x--) {
      const beforeIt = left[x - 2] as number;
      left[x] = beforeIt * both + previous * mixed + here * none;
      here = previous;
      previous = beforeIt;
    }
    // `here` is now the old value of the second cell, and `previous` that of the first.
    left[lowBetween + 1] = firstBetween * right + (previous * right + here * up) * up;
    if (low === lowBetween) left[low] = outsideBetween * right + firstBetween * up;
    this.#lowerEnd = Math.min(this.#lowerEnd + 2, high);
    this.#upperStart = Math.max(this.#upperStart, low);
    this.step = step + 2;
    this.#narrow();
  }

  /** Makes one step for the cells from `first` to `last`; `before` is the value of the cell before the first. */
  #carry(first: number, last: number, before: number): void {
    if (first > last) return;
    const { left } = this;
    const right = this.#right;
    const up = this.#up;
    let here = left[last] as number;
    for (let x = last; x > first; x--) {
      const previous = left[x - 1] as number;
      left[x] = previous * right + here * up;
      here = previous;
    }
    left[first] = before * right + here * up;
  }
}

/** Computes the probability to be at a cell just outside the band, incrementally along the band's edge. */
class Outside {
  readonly #walk: Walk;
  readonly #right: number;
  readonly #up: number;
  readonly #least: number;
  #d = 0;
  #x = 0;
  #chance = 0;

  constructor(walk: Walk, right: number, up: number, least: number) {
    this.#walk = walk;
    this.#right = right;
    this.#up = up;
    this.#least = least;
  }

  /** Returns the probability at (x, d − x), or 0 if it is too small to matter. d and x must not decrease between calls. */
  at(d: number, x: number): number {
    if (x < 0 || x > d) return 0;
    // Over a long distance the product could underflow in between, although the final value would not.
    if (this.#chance < this.#least || d - this.#d > NEAR) {
      this.#chance = this.#walk.chance(logBinomial(d, x), x, d - x);
    } else {
      // Multiplies by the ratios of neighbouring binomial probabilities.
      for (; this.#d < d; this.#d++) this.#chance *= (this.#up * (this.#d + 1)) / (this.#d + 1 - this.#x);
      for (; this.#x < x; this.#x++) {
        this.#chance *= ((this.#right / this.#up) * (d - this.#x)) / (this.#x + 1);
      }
    }
    this.#d = d;
    this.#x = x;
    return this.#chance < this.#least ? 0 : this.#chance;
  }
}
