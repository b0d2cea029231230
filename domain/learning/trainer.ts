// What a trainer is: a name and a fit.
import { type Frame } from '../features/frame.ts';
import { type Artifact } from './artifact.ts';

/** Options of a fit. */
export interface TrainingOptions {
  readonly seed: number;
}

/** Learns from some rows of a frame. Pure: the same rows and options give the same artifact, byte for byte. */
export interface Trainer {
  readonly name: string;
  /**
   * @param rows labelled rows outside the holdout
   * @param onProgress called with the share that is done, 0 to 1
   * @throws TidegateError TOO_FEW_LABELS, ONE_CLASS, NOT_CONVERGED
   */
  fit(
    frame: Frame,
    rows: Uint32Array,
    options: TrainingOptions,
    onProgress: (share: number) => void,
  ): Artifact;
}
