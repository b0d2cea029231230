// The interface of a trainer: rows in, an artifact out.
import { type Frame } from '../data/frame.ts';
import { type Artifact } from './artifact/artifact.ts';
import { type ClassWeight } from './metrics/class-counts.ts';
import { type Solver } from './solvers/logistic-problem.ts';

/** Settings of a fit. */
export interface TrainingOptions {
  /** All random numbers of a trainer come from this seed. It is recorded in the artifact. */
  readonly seed: number;
  /** Strength of the L2 penalty, from 0; scikit-learn's 1 / C. @default 1 */
  readonly l2?: number;
  /** Weight of the rows of each class. @default 'none' */
  readonly classWeight?: ClassWeight;
  /** `auto` uses Newton's method from 20,000 rows on. Both solvers find the same optimum. @default 'auto' */
  readonly solver?: Solver | 'auto';
  /** Minimum rows of the rarer class, at least 1. @default 50 */
  readonly minPositives?: number;
}

/** The rows and settings of one fit. */
export interface TrainingTask {
  readonly frame: Frame;
  /** Labelled rows to learn from; no other row of the frame may be read. */
  readonly rows: Uint32Array;
  readonly options: TrainingOptions;
  /** Called now and then with the share of the work done, from 0 to 1, never decreasing. */
  readonly onProgress?: (fraction: number) => void;
}

/** A learning algorithm. Synchronous and pure; it runs in a thread of its own. */
export interface Trainer {
  /** The name that a definition uses for it. */
  readonly name: string;
  /** @throws TidegateError ONE_CLASS, TOO_FEW_LABELS, NOT_CONVERGED */
  readonly fit: (task: TrainingTask) => Artifact;
}
