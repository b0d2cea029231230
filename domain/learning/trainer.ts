// What a trainer is: rows in, an artifact out.
import { type Frame } from '../data/frame.ts';
import { type Artifact } from './artifact/artifact.ts';
import { type ClassWeight } from './metrics/class-counts.ts';
import { type Solver } from './solvers/logistic-problem.ts';

/** Settings of a training. */
export interface TrainingOptions {
  /** Recorded in the artifact; a trainer that draws random numbers draws them from it alone. */
  readonly seed: number;
  /** Strength of the L2 penalty, from 0; scikit-learn's 1 / C. @default 1 */
  readonly l2?: number;
  /** How much a row of each class counts. @default 'none' */
  readonly classWeight?: ClassWeight;
  /** `auto`: Newton's method from 20,000 rows. Both find the same optimum. @default 'auto' */
  readonly solver?: Solver | 'auto';
  /** Fewest rows of the rarer class, at least 1. @default 50 */
  readonly minPositives?: number;
}

/** One training. */
export interface TrainingTask {
  readonly frame: Frame;
  /** Rows to learn from, each labelled; nothing else of the frame may be looked at. */
  readonly rows: Uint32Array;
  readonly options: TrainingOptions;
  /** Told now and then how far it is, from 0 to 1, never going back. */
  readonly onProgress?: (fraction: number) => void;
}

/** A way to learn. Synchronous and pure: it runs in a thread of its own. */
export interface Trainer {
  /** The name by which a definition asks for it. */
  readonly name: string;
  /** @throws TidegateError ONE_CLASS, TOO_FEW_LABELS, NOT_CONVERGED */
  readonly fit: (task: TrainingTask) => Artifact;
}
