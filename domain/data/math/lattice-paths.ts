// The share of lattice paths that leave a band around the diagonal: the exact two-sample Kolmogorov-Smirnov test.
import { logBinomial } from './special-functions.ts';

// Chances are carried in these units, so that none that matters is too small for a number.
const SCALE = 1e300;
const LOG_SCALE = Math.log(SCALE);
// What this share of the result or less adds to it is left out.
const IRRELEVANT = 1e-45;
const NEGLIGIBLE = 1e-18;
const NEAR = 4;

/** A rectangle of steps, m to the right and n up, and its band |x·n − y·m| / g < h. */
interface Band {
  readonly m: number;
  readonly n: number;
  /** n/g and m/g: what a step to the right and one up add to the distance from the diagonal. */
  readonly stepX: number;
  readonly stepY: number;
  readonly h: number;
}

/**
 * The share of paths of unit steps from (0, 0) to (m, n) that reach |x·n − y·m| / g ≥ h, g being the greatest common
 * divisor of m and n; h ≥ 1.
 *
 * A random walk that drifts along the diagonal gives every path to a cell the same chance, so shares of paths are
 * chances. They are carried from one antidiagonal x + y = d to the next, where no cell waits for its neighbour, and to
 * the middle only: a path from there to the end is one from the start turned by 180°. All are sums of positive terms,
 * so that nothing cancels. Takes h·g additions in all.
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
    // Left on the way here, or else on the way on.
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
 * The walk on one antidiagonal. Of wide bands only the rims are carried, as far inside as anything that matters has
 * come; the cells between them are zero.
 */
class Walk {
  step = 0;
  /** Cells inside, from the first x to the last; none where the last is less. */
  low = 0;
  high = 0;
  /** By x: the chance, times `SCALE`, to be there and to have left the band before. Holds for the cells inside. */
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
    // The result is about exp(−2 d² mn / (m + n)); a cell that holds so much less adds nothing to it.
    const d = h / (stepX * m);
    this.#least = SCALE * IRRELEVANT * Math.exp((-2 * d * d * m * n) / (m + n));
    this.left = new Float64Array(m + 2);
    this.#below = new Outside(this, this.#right, this.#up, this.#least);
    this.#above = new Outside(this, this.#right, this.#up, this.#least);
  }

  /** The chance to be at (x, y), to which as many paths lead, times `SCALE`. */
  chance(logPaths: number, x: number, y: number): number {
    return Math.exp(logPaths + x * this.#logRight + y * this.#logUp + LOG_SCALE);
  }

  advance(): void {
    const { left, step } = this;
    const lowBefore = this.low;
    const highBefore = this.high;
    this.#enclose(step + 1);
    const { low, high } = this;
    // Cells next to the band have left it, whatever way they were reached.
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
    this.#drawIn();
  }

  /** Leaves out of the rims what is too little to matter. */
  #drawIn(): void {
    const { left, low, high } = this;
    while (this.#lowerEnd >= low && (left[this.#lowerEnd] as number) < this.#least)
      left[this.#lowerEnd--] = 0;
    while (this.#upperStart <= high && (left[this.#upperStart] as number) < this.#least) {
      left[this.#upperStart++] = 0;
    }
  }

  /** Finds the cells of the antidiagonal d in the band and the rectangle. */
  #enclose(d: number): void {
    const { m, n, stepX, stepY, h } = this.#band;
    const low = Math.floor((d * stepY - h) / (stepX + stepY)) + 1;
    const high = Math.ceil((d * stepY + h) / (stepX + stepY)) - 1;
    this.low = Math.max(low, d - n, 0);
    this.high = Math.min(high, d, m);
  }

  /** Two steps at once, which takes half the reading and writing. */
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
    // The outermost cells of the antidiagonal between.
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
    // Here is now the value that the second cell had, and before it that of the first.
    left[lowBetween + 1] = firstBetween * right + (previous * right + here * up) * up;
    if (low === lowBetween) left[low] = outsideBetween * right + firstBetween * up;
    this.#lowerEnd = Math.min(this.#lowerEnd + 2, high);
    this.#upperStart = Math.max(this.#upperStart, low);
    this.step = step + 2;
    this.#drawIn();
  }

  /** One step for the cells from `first` to `last`; `before` is the cell before the first. */
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

/** The chance to be at a cell just outside the band, followed along the band's edge. */
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

  /** Asked for cells that move up and to the right only; too little to matter is 0. */
  at(d: number, x: number): number {
    if (x < 0 || x > d) return 0;
    // Over a long way the product could underflow, though its end would not.
    if (this.#chance < this.#least || d - this.#d > NEAR) {
      this.#chance = this.#walk.chance(logBinomial(d, x), x, d - x);
    } else {
      // Ratios of neighbouring binomial chances.
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
