// Secant updates: a Hessian that was computed only once is improved with the curvature that later steps observe.

type Vector = Float64Array;

interface Pair {
  readonly step: Vector;
  readonly change: Vector;
  readonly curvature: number;
}

/**
 * Turns a gradient into a step by limited-memory BFGS around a given inverse Hessian.
 *
 * Source: Nocedal & Wright, Numerical Optimization, algorithm 7.4 (two-loop recursion), with the inverse Hessian instead
 * of the scaled identity.
 */
export class SecantUpdates {
  readonly #solve: (gradient: Vector) => Vector;
  readonly #pairs: Pair[] = [];

  /** @param solve returns H⁻¹ · gradient; H must be positive definite */
  constructor(solve: (gradient: Vector) => Vector) {
    this.#solve = solve;
  }

  /** Records that the gradient changed by `change` along `step`; a pair without positive curvature is ignored. */
  learn(step: Vector, change: Vector): void {
    const curvature = dot(step, change);
    if (curvature > 0) this.#pairs.push({ step, change, curvature });
  }

  /** Returns the step for a gradient; subtract it from the coefficients. */
  stepFor(gradient: Vector): Vector {
    const rest = Float64Array.from(gradient);
    const shares = this.#pairs.map(() => 0);
    for (let index = this.#pairs.length - 1; index >= 0; index -= 1) {
      const { step, change, curvature } = this.#pairs[index]!;
      const share = dot(step, rest) / curvature;
      shares[index] = share;
      add(rest, change, -share);
    }
    const direction = this.#solve(rest);
    this.#pairs.forEach(({ step, change, curvature }, index) => {
      add(direction, step, shares[index]! - dot(change, direction) / curvature);
    });
    return direction;
  }
}

const dot = (a: Vector, b: Vector): number => a.reduce((sum, value, at) => sum + value * b[at]!, 0);

function add(target: Vector, vector: Vector, times: number): void {
  for (let at = 0; at < target.length; at += 1) target[at]! += times * vector[at]!;
}
